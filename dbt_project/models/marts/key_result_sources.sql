with

key_results as (
    select * from {{ ref('stg_definitions__key_results') }}
    where role = 'key_result'
),

sources as (
    select * from {{ ref('int_kpi_sources_matched') }}
),

health as (
    select * from {{ ref('int_sources_judged') }}
),

final as (
    select
        key_results.key_result_id,
        health.channel,
        health.account_id,
        health.data_through,
        health.state
    from key_results
    inner join sources
        on key_results.kpi_id = sources.kpi_id
    inner join health
        on sources.channel = health.channel and sources.account_id = health.account_id
)

select * from final
