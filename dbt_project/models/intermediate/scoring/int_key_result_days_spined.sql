{{ config(materialized='table') }}

-- Every day of a key result from its period's start to the last day known, with how sure its owner was: an old word is
-- no word.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

confidences as (
    select * from {{ ref('int_check_ins_spanned') }}
    where field = 'confidence'
),

days as (
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
),

final as (
    select
        days.*,
        case
            when
                {{ days_between('confidences.valid_from', 'days.checked_in_by') }}
                <= settings.check_in_stale_after_days
                then confidences.reading
        end as confidence
    from days
    cross join settings
    left join confidences
        on
            days.key_result_id = confidences.key_result_id
            and days.checked_in_by >= confidences.valid_from
            and (days.checked_in_by < confidences.next_from or confidences.next_from is null)
)

select * from final
