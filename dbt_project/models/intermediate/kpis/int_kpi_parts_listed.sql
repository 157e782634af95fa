-- One row a measure a KPI is made of. A ratio may divide a measure by itself, so a part is not a measure's only role.
with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

final as (
    select
        kpi_id,
        kind,
        coalesce(measure, numerator) as measure,
        'numerator' as part
    from kpis

    union all

    select
        kpi_id,
        kind,
        denominator as measure,
        'denominator' as part
    from kpis
    where kind = 'ratio'
)

select * from final
