with

source as (
    select * from {{ source('definitions', 'check_ins') }}
),

final as (
    select
        check_in_id,
        position,
        date,
        key_result_id,
        author,
        confidence,
        note,
        next,
        previous_next,
        value,
        met,
        grade,
        evidence
    from source
)

select * from final
