with

final as (
    select
        key_result_id,
        milestone_id,
        position,
        title,
        weight,
        due,
        done_on
    from {{ ref('int_milestones_done') }}
)

select * from final
