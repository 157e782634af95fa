{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_days() }}",
    )
}}

with

{{ chosen_measures() }},

known_measures as (
    select * from {{ ref('stg_definitions__measures') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

rates as (
    select * from {{ ref('int_rates_dated') }}
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
        {{ needs_rate('measures.value_local <> 0') }} as needs_rate
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
