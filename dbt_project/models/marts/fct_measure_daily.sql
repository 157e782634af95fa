{{ config(materialized='view' if target.name == 'duckdb' else 'table') }}

with

measures as (
    select * from {{ ref('int_measures_summed') }}
),

sources as (
    select * from {{ ref('int_sources_dated') }}
),

final as (
    select
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        measures.measure,
        measures.value,
        measures.value_local,
        measures.currency,
        coalesce(measures.date >= sources.provisional_from, false) as is_provisional
    from measures
    left join sources
        on measures.channel = sources.channel and measures.account_id = sources.account_id
)

select * from final
