with

source as (
    select * from {{ source('definitions', 'initiatives') }}
),

final as (
    select
        objective_id,
        position,
        title,
        owner,
        state
    from source
)

select * from final
