with

source as (
    select * from {{ source('definitions', 'kpis') }}
),

final as (
    select
        kpi_id,
        title,
        title_texts,
        description,
        description_texts,
        kind,
        measure,
        numerator,
        denominator,
        unit,
        better,
        overview_position,
        coalesce(names_of, 'of_the_day') as names_of,
        definition,
        signature,
        changed_by,
        changed_at,
        min_denominator,
        coalesce(is_signed, false) as is_signed,
        coalesce(grain, 'day') as grain,
        model
    from source
)

select * from final
