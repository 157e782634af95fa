-- The days a forecast learns from: whole weeks before the period, as far as the KPI was known, then the period itself.
with

key_results as (
    select * from {{ ref('int_key_result') }}
    where forecast_side is not null
),

changes as (
    select * from {{ ref('int_changed_key_result') }}
),

coverage as (
    select * from {{ ref('int_kpi_coverage') }}
    where kind = 'flow'
),

dates as (
    select * from {{ ref('dim_date') }}
),

days as (
    select * from {{ ref('fct_kpi_daily') }}
),

known as (
    select
        key_results.key_result_id,
        key_results.kpi_id,
        key_results.period_end,
        key_results.last_day,
        case
            when coverage.first_day > key_results.period_start then coverage.first_day else key_results.period_start
        end as first_day,
        case
            when coverage.first_day < {{ add_days('key_results.period_start', -var('forecast_days_before')) }}
                then {{ var('forecast_days_before') }}
            when coverage.first_day < key_results.period_start
                then {{ days_between('coverage.first_day', 'key_results.period_start') }}
            else 0
        end as days_before
    from key_results
    inner join changes
        on key_results.key_result_id = changes.key_result_id
    inner join coverage
        on key_results.kpi_id = coverage.kpi_id
),

final as (
    select
        known.key_result_id,
        known.kpi_id,
        dates.date,
        dates.day_of_week,
        dates.date >= known.first_day as is_in_period,
        {{ days_between('dates.date', 'known.period_end') }} as days_left,
        {{ to_double('coalesce(days.numerator, 0)') }} as amount
    from known
    inner join dates
        on dates.date between {{ add_days('known.first_day', '-(known.days_before - known.days_before % 7)') }}
        and known.last_day
    left join days
        on known.kpi_id = days.kpi_id and dates.date = days.date
)

select * from final
