with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

channels as (
    select
        kpi_id,
        min(value) as channel
    from conditions
    where field = 'channel' and operator = 'in'
    group by kpi_id
    having count(distinct value) = 1
),

final as (
    select
        kpis.kpi_id,
        kpis.title,
        kpis.title_texts,
        kpis.description,
        kpis.description_texts,
        kpis.kind,
        kpis.measure,
        kpis.numerator,
        kpis.denominator,
        kpis.unit,
        kpis.better,
        channels.channel,
        kpis.overview_position,
        case when coverage.weeks_unit in ('month', 'quarter') then coverage.weeks_unit else kpis.grain end as grain,
        {{ to_double('kpis.min_denominator') }} as min_denominator
    from kpis
    left join channels
        on kpis.kpi_id = channels.kpi_id
    left join coverage
        on kpis.kpi_id = coverage.kpi_id
)

select * from final
