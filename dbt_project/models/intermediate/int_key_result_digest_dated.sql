-- Digests of what a key result's days are computed from, the parts that change with the days: a running key result
-- changes with each of them, one that is over only while its last days are provisional or its KPI is restated.
with

key_results as (
    select * from {{ ref('int_key_result') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

coverage as (
    select * from {{ ref('int_kpi_coverage') }}
),

days as (
    select * from {{ ref('fct_kpi_daily') }}
),

readings as (
    select * from {{ ref('int_interval_reading') }}
),

final as (
    select
        key_results.key_result_id,
        'period' as input,
        {{ digest_of_rows([
            'key_results.objective_id', 'key_results.period_start', 'key_results.period_end', 'key_results.ambition',
            'key_results.type', 'key_results.weight', 'key_results.pace_kind', 'key_results.position',
            'key_results.last_year_start', 'key_results.last_year_end', 'key_results.last_day',
            'case when key_results.is_over then null else key_results.today end',
            'case when key_results.provisional_from <= key_results.period_end then key_results.provisional_from end',
            'key_results.unit', 'settings.language', 'settings.currency', 'settings.status_on_track',
            'settings.status_at_risk', 'settings.grace', 'settings.success_committed', 'settings.success_aspirational',
            'coverage.kind', 'coverage.first_day',
        ]) }} as digest
    from key_results
    cross join settings
    left join coverage
        on key_results.kpi_id = coverage.kpi_id
    group by key_results.key_result_id

    union all

    -- With the weeks before the period, which the forecast learns from, and for a stock all that went before.
    select
        key_results.key_result_id,
        'days' as input,
        {{ digest_of_rows(['days.kpi_id', 'days.date', 'days.numerator', 'days.denominator', 'days.value']) }} as digest
    from key_results
    inner join coverage
        on key_results.kpi_id = coverage.kpi_id
    inner join days
        on
            key_results.kpi_id = days.kpi_id
            and (
                days.date between key_results.last_year_start and key_results.last_year_end
                or days.date between {{ add_days('key_results.period_start', -var('forecast_days_before')) }}
                and key_results.last_day
                or (coverage.kind = 'stock' and key_results.last_day >= days.date)
            )
    group by key_results.key_result_id

    union all

    select
        key_results.key_result_id,
        'readings' as input,
        {{ digest_of_rows(['readings.kpi_id', 'readings.start_date', 'readings.end_date', 'readings.value']) }}
        as digest
    from key_results
    inner join readings
        on
            key_results.kpi_id = readings.kpi_id
            and readings.start_date between key_results.period_start and key_results.last_day
    group by key_results.key_result_id
)

select * from final
