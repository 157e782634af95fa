{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_channels() }}",
    )
}}

with

all_measures as (
    select * from {{ ref('int_measure_daily') }}
),

changes as (
    select * from {{ ref('int_changed_input') }}
),

measures as (
    select all_measures.*
    from all_measures
    inner join changes
        on
            all_measures.channel = changes.channel
            and all_measures.date >= changes.date_from
),

sources as (
    select * from {{ ref('int_source_freshness') }}
),

summed as (
    select
        date,
        channel,
        account_id,
        campaign_id,
        measure,
        {{ whole_sum('value', 'true') }} as value,
        -- Amounts of different currencies are never added.
        case when min(currency) = max(currency) then {{ to_amount('sum(value_local)') }} end as value_local,
        case when min(currency) = max(currency) then min(currency) end as currency
    from measures
    group by date, channel, account_id, campaign_id, measure
),

final as (
    select
        summed.date,
        summed.channel,
        summed.account_id,
        summed.campaign_id,
        summed.measure,
        summed.value,
        summed.value_local,
        summed.currency,
        coalesce(summed.date >= sources.provisional_from, false) as is_provisional
    from summed
    left join sources
        on
            summed.channel = sources.channel
            and summed.account_id = sources.account_id
)

select * from final
