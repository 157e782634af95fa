with

source as (
    select * from {{ source('definitions', 'milestones') }}
),

final as (
    select
        key_result_id,
        milestone_id,
        position,
        title,
        weight,
        due
    from source
)

select * from final
