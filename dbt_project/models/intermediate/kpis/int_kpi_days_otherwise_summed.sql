{{ config(materialized='table') }}

-- Only where the other way to count has another answer.
with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

channels as (
    select * from {{ ref('int_kpi_channels_compared') }}
    where differs and is_counted_otherwise
),

campaigns as (
    select * from {{ ref('int_kpi_campaigns_matched') }}
),

measures as (
    select * from {{ ref('int_measures_converted') }}
),

final as (
    select
        kpis.kpi_id,
        measures.date,
        {{ whole_sum('measures.value', 'measures.measure = kpis.numerator') }} as numerator,
        {{ whole_sum('measures.value', 'measures.measure = kpis.denominator') }} as denominator
    from kpis
    inner join channels
        on kpis.kpi_id = channels.kpi_id
    inner join campaigns
        on kpis.kpi_id = campaigns.kpi_id and channels.channel = campaigns.channel
    inner join measures
        on
            measures.measure in (kpis.numerator, kpis.denominator)
            and campaigns.channel = measures.channel
            and campaigns.account_id = measures.account_id
            and campaigns.campaign_id = measures.campaign_id
            and campaigns.source_file = measures.source_file
            and campaigns.valid_from <= measures.date and campaigns.next_from > measures.date
    group by kpis.kpi_id, measures.date
)

select * from final
