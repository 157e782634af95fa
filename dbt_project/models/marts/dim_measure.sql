with

final as (
    select
        measure,
        title,
        unit,
        is_money,
        definition,
        source
    from {{ ref('stg_definitions__measures') }}
)

select * from final
