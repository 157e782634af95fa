-- What each day of the week brings, as learnt by each day; one week of the average day is mixed in, so that few weeks
-- do not make a Sunday look like a rule.
with

days as (
    select * from {{ ref('int_forecast_day') }}
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
    from days
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
