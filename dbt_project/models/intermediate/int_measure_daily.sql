{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_channels() }}",
    )
}}

with

staged as (
    {{ changed_measures() }}
),

changes as (
    select * from {{ ref('int_changed_input') }}
),

-- What was switched off does not count until it is on again.
switched_off as (
    select channel from {{ ref('stg_definitions__channels') }}
    where is_off
),

measures as (
    select staged.*
    from staged
    inner join changes
        on
            staged.channel = changes.channel
            and staged.date >= changes.date_from
    left join switched_off
        on staged.channel = switched_off.channel
    where switched_off.channel is null
),

rates as (
    select * from {{ ref('int_exchange_rate_daily') }}
),

known_measures as (
    select * from {{ ref('stg_definitions__measures') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

priced as (
    select
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        measures.source_file,
        measures.measure,
        measures.value_local,
        coalesce(measures.currency, settings.currency) as currency,
        -- Nothing costs nothing in every currency: an empty cell of a money column needs no rate.
        known_measures.is_money
        and coalesce(measures.currency, settings.currency) <> settings.currency
        and measures.value_local <> 0 as needs_rate
    from measures
    cross join settings
    left join known_measures
        on measures.measure = known_measures.measure
),

final as (
    select
        priced.date,
        priced.channel,
        priced.account_id,
        priced.campaign_id,
        priced.source_file,
        priced.measure,
        priced.currency,
        priced.value_local,
        case
            when priced.needs_rate then {{ converted('priced.value_local', 'rates.rate') }}
            else priced.value_local
        end as value
    from priced
    left join rates
        on
            priced.needs_rate
            and priced.currency = rates.currency
            and priced.date = rates.date
)

select * from final
