{{ config(materialized='table') }}

-- What share of the whole lies in the days so far, by the days of the week: each weighs what it brought on average over
-- the last 28 to 56 days, in whole weeks. No row where days weigh alike: fewer are known, by coarser data, of an amount
-- that is unknown, with a weight below 0, or with none at all.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where is_held or forecast_side = 'below'
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where kind = 'flow' and grain = 'day'
),

counted as (
    select * from {{ ref('int_key_result_days_counted') }}
),

paused as (
    select * from counted
    where not is_counted
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

known as (
    select
        counted.key_result_id,
        key_results.kpi_id,
        counted.date,
        case
            when {{ days_between('coverage.first_day', 'counted.date') }} >= 55 then 56
            else {{ days_between('coverage.first_day', 'counted.date') }} + 1
        end as days_known
    from counted
    inner join key_results
        on counted.key_result_id = key_results.key_result_id and counted.date <= key_results.last_day
    inner join coverage
        on key_results.kpi_id = coverage.kpi_id
),

weights as (
    select
        known.key_result_id,
        known.date,
        dates.day_of_week,
        {{ to_double('sum(case when paused.date is null then coalesce(days.numerator, 0) end)') }}
        / nullif(count(case when paused.date is null then 1 end), 0) as weight,
        count(days.date) - count(days.numerator) as days_unknown
    from known
    inner join dates
        on
            known.date >= dates.date
            and {{ add_days('known.date', '-(known.days_known - known.days_known % 7)') }} < dates.date
    left join days
        on known.kpi_id = days.kpi_id and dates.date = days.date
    left join paused
        on known.key_result_id = paused.key_result_id and dates.date = paused.date
    where known.days_known >= 28
    group by known.key_result_id, known.date, dates.day_of_week
),

weighed as (
    select
        *,
        min(weight) over (partition by key_result_id, date) as least_weight,
        count(weight) over (partition by key_result_id, date) as weight_count,
        sum(days_unknown) over (partition by key_result_id, date) as all_days_unknown
    from weights
),

final as (
    select
        weighed.key_result_id,
        weighed.date,
        {{ quotient(
            stable_sum('case when counted.date <= weighed.date then weighed.weight else 0 end'),
            stable_sum('weighed.weight')
        ) }} as share
    from weighed
    inner join counted
        on
            weighed.key_result_id = counted.key_result_id
            and weighed.day_of_week = counted.day_of_week
            and counted.is_counted
    where weighed.least_weight >= 0 and weighed.weight_count = 7 and weighed.all_days_unknown = 0
    group by weighed.key_result_id, weighed.date
    having {{ stable_sum('case when counted.date <= weighed.date then weighed.weight else 0 end') }} > 0
)

select * from final
