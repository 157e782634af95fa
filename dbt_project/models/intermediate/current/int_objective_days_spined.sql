{{ config(materialized='table') }}

-- Every key result on every day of its objective: where its sources end earlier than others', its last row stands.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where role = 'key_result'
),

days as (
    select * from {{ ref('int_key_result_days_scored') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

reach as (
    select
        objective_id,
        max(last_day) as last_day
    from key_results
    group by objective_id
),

final as (
    select
        key_results.objective_id,
        key_results.key_result_id,
        key_results.position,
        key_results.weight,
        dates.date,
        key_results.is_over and dates.date = key_results.period_end as is_last_day,
        key_results.last_day < key_results.period_end as is_behind,
        {{ quotient(days_between('key_results.period_start', 'dates.date') ~ ' + 1', 'key_results.period_days') }}
        as elapsed,
        days.score,
        days.expected,
        days.status
    from key_results
    inner join reach
        on key_results.objective_id = reach.objective_id
    inner join dates
        on dates.date between key_results.period_start and reach.last_day
    left join days
        on
            key_results.key_result_id = days.key_result_id
            and {{ earlier('dates.date', 'key_results.last_day') }} = days.date
)

select * from final
