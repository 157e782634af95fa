{{ config(materialized='table') }}

-- Every day of a key result from its start to the last day known, with how sure its owner was: an old word is
-- no word. Of check-ins, those up to a week after the end count as of the end; a later one makes a row of its own day,
-- which no mart of days shows: it is what is known now of a result that has been closed.
{% set last_counted = add_days('key_results.period_end', 7) %}

with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

counted as (
    select * from {{ ref('int_key_result_days_counted') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

check_ins as (
    select * from {{ ref('stg_definitions__check_ins') }}
),

confidences as (
    select * from {{ ref('int_check_ins_spanned') }}
    where field = 'confidence'
),

late as (
    select
        key_results.key_result_id,
        max(check_ins.date) as date
    from key_results
    inner join check_ins
        on key_results.key_result_id = check_ins.key_result_id
    where
        key_results.kpi_id is null
        and check_ins.date > {{ last_counted }}
        and check_ins.date <= key_results.today
    group by key_results.key_result_id
),

days as (
    select
        key_results.key_result_id,
        counted.date,
        counted.day_no,
        counted.counted_days,
        counted.elapsed,
        -- A grade given after the end is still the period's grade.
        case
            when key_results.is_over and counted.date = key_results.period_end
                then {{ earlier('key_results.today', last_counted) }}
            else counted.date
        end as checked_in_by,
        coalesce(counted.date >= key_results.provisional_from, false) as is_data_provisional,
        key_results.is_over and counted.date = key_results.period_end as is_final_day
    from key_results
    inner join counted
        on key_results.key_result_id = counted.key_result_id and key_results.last_day >= counted.date

    union all

    select
        key_results.key_result_id,
        late.date,
        counted.counted_days as day_no,
        counted.counted_days,
        1.0 as elapsed,
        late.date as checked_in_by,
        false as is_data_provisional,
        true as is_final_day
    from late
    inner join key_results
        on late.key_result_id = key_results.key_result_id
    inner join counted
        on late.key_result_id = counted.key_result_id and key_results.period_end = counted.date
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
