with

final as (
    select
        name,
        person_id,
        title
    from {{ ref('stg_definitions__people') }}
)

select * from final
