-- The amounts that make up a KPI, before anything is added or divided; only of the days that have to be computed again.
with

campaigns as (
    select * from {{ ref('int_kpi_campaign') }}
),

parts as (
    select * from {{ ref('int_kpi_measure') }}
),

changes as (
    select * from {{ ref('int_changed_kpi') }}
),

measures as (
    select * from {{ ref('int_measure_daily') }}
),

sources as (
    select * from {{ ref('int_source_freshness') }}
),

final as (
    select
        parts.kpi_id,
        parts.kind,
        parts.part,
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        measures.source_file,
        measures.currency,
        measures.value,
        coalesce(measures.date >= sources.provisional_from, false) as is_provisional
    from parts
    inner join changes
        on parts.kpi_id = changes.kpi_id
    inner join campaigns
        on parts.kpi_id = campaigns.kpi_id
    inner join measures
        on
            parts.measure = measures.measure
            and campaigns.channel = measures.channel
            and campaigns.account_id = measures.account_id
            and campaigns.campaign_id = measures.campaign_id
            and campaigns.source_file = measures.source_file
            and changes.date_from <= measures.date
    left join sources
        on measures.channel = sources.channel and measures.account_id = sources.account_id
)

select * from final
