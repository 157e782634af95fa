-- The owner's confidence beside the numbers: where the two disagree, and where a check-in is overdue.
with

key_results as (
    select * from {{ ref('int_key_result') }}
),

now_rows as (
    select * from {{ ref('int_key_result_now') }}
),

confidences as (
    select * from {{ ref('int_key_result_confidence') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

final as (
    select
        key_results.key_result_id,
        confidences.confidence,
        confidences.last_check_in,
        confidences.last_check_in_by,
        confidences.last_check_in_note,
        confidences.last_check_in_next,
        key_results.today between key_results.period_start and key_results.period_end
        and {{ days_between(
            'coalesce(confidences.last_check_in, key_results.period_start)', 'key_results.today'
        ) }} > settings.check_in_stale_after_days as check_in_is_stale,
        case
            when confidences.confidence >= 0.7 and now_rows.status in ('off_track', 'missed') then 'disagrees_high'
            when confidences.confidence <= 0.4 and now_rows.status in ('on_track', 'achieved') then 'disagrees_low'
        end as disagreement_code
    from key_results
    inner join now_rows
        on key_results.key_result_id = now_rows.key_result_id
    left join confidences
        on key_results.key_result_id = confidences.key_result_id
    cross join settings
)

select * from final
