{{ config(materialized='table') }}

-- Every day of a key result from its period's start to the last day known.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

final as (
    select
        key_results.key_result_id,
        dates.date,
        key_results.period_start,
        {{ days_between('key_results.period_start', 'dates.date') }} + 1 as day_no,
        {{ quotient(days_between('key_results.period_start', 'dates.date') ~ ' + 1', 'key_results.period_days') }}
        as elapsed,
        -- A grade given after the end is still the period's grade.
        case
            when key_results.is_over and dates.date = key_results.period_end then key_results.today
            else dates.date
        end as checked_in_by,
        coalesce(dates.date >= key_results.provisional_from, false) as is_provisional,
        key_results.is_over and dates.date = key_results.period_end as is_final_day
    from key_results
    inner join dates
        on dates.date between key_results.period_start and key_results.last_day
)

select * from final
