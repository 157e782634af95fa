-- What was known of a key result on each of its days, and within which limits its number has to end.
with

measured as (
    select * from {{ ref('int_key_result_days_measured') }}
    -- What gives no verdict has no target to reach; a ratio without a denominator so far has no value, and an end.
    where (value is not null or kpi_kind = 'ratio') and not (is_baseline_partial or is_plan_partial)
),

key_results as (
    select * from {{ ref('int_key_results_dated') }}
    -- A rate that pauses or begins later is not learnt.
    where
        reads = 'value'
        and runs_from = period_start
        and key_result_id not in (select pauses.key_result_id from {{ ref('stg_definitions__pauses') }} as pauses)
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

final as (
    select
        measured.key_result_id,
        coalesce(measured.kpi_id, {{ dbt.concat(["'check_in/'", 'measured.key_result_id']) }}) as series_id,
        measured.kpi_kind,
        key_results.period_start,
        key_results.period_end,
        key_results.hold,
        measured.date,
        measured.value,
        {{ to_double('measured.baseline') }} as baseline,
        {{ to_double("case
            when measured.is_held then measured.limit_low
            when key_results.forecast_side = 'above' then coalesce(measured.target, measured.low)
        end") }} as aim_low,
        {{ to_double("case
            when measured.is_held then measured.limit_high
            when key_results.forecast_side = 'below' then measured.target
        end") }} as aim_high,
        measured.weeks_kept,
        measured.weeks_observed,
        measured.weeks_left,
        key_results.allowed_misses,
        kpis.min_denominator
    from measured
    inner join key_results
        on measured.key_result_id = key_results.key_result_id
    left join kpis
        on measured.kpi_id = kpis.kpi_id
)

select * from final
where aim_low is not null or aim_high is not null
