with

source as (
    select * from {{ source('definitions', 'check_in_milestones') }}
),

final as (
    select
        check_in_id,
        milestone_id
    from source
)

select * from final
