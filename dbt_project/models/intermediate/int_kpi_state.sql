-- What a KPI is made of: its definition and the campaigns that meet its conditions. New campaigns and new names change
-- it as much as an edit does.
with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

campaigns as (
    select * from {{ ref('int_kpi_campaign') }}
),

members as (
    select
        kpi_id,
        {{ digest_of_rows(['channel', 'account_id', 'campaign_id', 'source_file']) }} as digest
    from campaigns
    group by kpi_id
),

final as (
    select
        kpis.kpi_id,
        kpis.kind,
        coalesce(kpis.measure, kpis.numerator) || ' ' || coalesce(kpis.denominator, '') || ' ' || kpis.kind
        || ' ' || coalesce(members.digest, '') as digest
    from kpis
    left join members
        on kpis.kpi_id = members.kpi_id
)

select * from final
