with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where role = 'key_result'
),

sources as (
    select * from {{ ref('int_kpi_sources_matched') }}
    where state not in ('ended', 'off')
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

final as (
    select
        key_results.key_result_id,
        trim(sources.channel || ' ' || sources.account_id) as source,
        channels.lookback_days,
        coalesce(sources.data_through < key_results.period_end, true)
        and (sources.has_reported or key_results.data_through is null) as is_awaited
    from key_results
    inner join sources
        on key_results.kpi_id = sources.kpi_id
    left join channels
        on sources.channel = channels.channel
)

select * from final
