with

final as (
    select
        objective_id,
        position,
        title,
        owner,
        state
    from {{ source('definitions', 'initiatives') }}
)

select * from final
