with

measures as (
    select * from {{ source('definitions', 'measures') }}
),

final as (
    select
        measure,
        title,
        unit,
        coalesce(is_money, false) as is_money,
        definition,
        definition_parts,
        source
    from measures
)

select * from final
