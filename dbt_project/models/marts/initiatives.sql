with

final as (
    select
        objective_id,
        position,
        title,
        owner,
        state
    from {{ ref('stg_definitions__initiatives') }}
)

select * from final
