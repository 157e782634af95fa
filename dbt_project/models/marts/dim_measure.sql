with

final as (
    select
        measure,
        title,
        unit,
        is_money,
        definition,
        definition_parts,
        source
    from {{ ref('stg_definitions__measures') }}
)

select * from final
