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

used as (
    select
        key_result_id,
        kpi_id,
        1 as is_counted
    from key_results

    union all

    select
        key_result_id,
        plan_kpi_id as kpi_id,
        0 as is_counted
    from key_results
),

final as (
    select
        used.key_result_id,
        health.channel,
        health.account_id,
        health.data_through,
        health.state,
        max(used.is_counted) = 0 as is_plan
    from used
    inner join sources
        on used.kpi_id = sources.kpi_id
    inner join health
        on sources.channel = health.channel and sources.account_id = health.account_id
    group by used.key_result_id, health.channel, health.account_id, health.data_through, health.state
)

select * from final
