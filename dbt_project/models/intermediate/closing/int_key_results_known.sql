-- A result that is whole: a source that no longer reaches the end leaves none.
with

days as (
    select
        *,
        row_number() over (partition by key_result_id order by date desc) as newest_first
    from {{ ref('int_key_result_days_scored') }}
    where role = 'key_result' and is_final_day
),

final as (
    select
        key_result_id,
        value,
        target,
        progress,
        score,
        status,
        reason_code
    from days
    where newest_first = 1
)

select * from final
