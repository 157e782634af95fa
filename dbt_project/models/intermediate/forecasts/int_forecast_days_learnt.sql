{{ config(materialized='table') }}

-- The days a forecast learns from: whole weeks before the period, as far as the KPI was known, then the period itself.
-- What each day of the week brings, as learnt by each day; one week of the average day is mixed in, so that few weeks do
-- not make a Sunday look like a rule.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where forecast_side is not null
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where kind = 'flow'
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
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
    inner join coverage
        on key_results.kpi_id = coverage.kpi_id
),

days_known as (
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
),

summed as (
    select
        *,
        count(*) over ({{ so_far('key_result_id, day_of_week') }}) as weekday_count,
        sum(amount) over ({{ so_far('key_result_id, day_of_week') }}) as weekday_amount,
        avg(amount) over ({{ so_far('key_result_id') }}) as day_mean,
        count(case when amount <> 0 then 1 end) over ({{ so_far('key_result_id, is_in_period') }}) as active_days,
        min(amount) over ({{ so_far('key_result_id') }}) as least_amount,
        row_number() over ({{ so_far('key_result_id, is_in_period') }}) as day_no
    from days_known
),

final as (
    select
        key_result_id,
        kpi_id,
        date,
        is_in_period,
        day_no,
        days_left,
        amount,
        active_days,
        least_amount,
        (weekday_amount + day_mean) / (weekday_count + 1) as weekday_mean
    from summed
)

select * from final
