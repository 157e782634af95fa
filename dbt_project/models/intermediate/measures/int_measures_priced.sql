{% set columns = [
    'date', 'channel', 'account_id', 'campaign_id', 'source_file', 'measure', 'value_local', 'currency'
] %}

with

{{ chosen_measures(columns) }},

known_measures as (
    select * from {{ ref('stg_definitions__measures') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

rates as (
    select * from {{ ref('stg_definitions__exchange_rates') }}
),

offsets as (
    {{ numbers(1) }}
),

-- The last known rate serves the seven days after its own. One row a day, so that amounts join by equality: a join by
-- range compares every amount with every rate of its currency.
spread_rates as (
    select
        rates.currency,
        {{ add_days('rates.date', 'offsets.number') }} as date,
        rates.rate,
        row_number() over (
            partition by rates.currency, {{ add_days('rates.date', 'offsets.number') }}
            order by rates.date desc
        ) as newest_first
    from rates
    cross join offsets
    where offsets.number <= 7
),

daily_rates as (
    select * from spread_rates
    where newest_first = 1
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
        and measures.currency <> settings.currency
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
            when priced.needs_rate then {{ converted('priced.value_local', 'daily_rates.rate') }}
            else priced.value_local
        end as value
    from priced
    left join daily_rates
        on
            priced.needs_rate
            and priced.currency = daily_rates.currency
            and priced.date = daily_rates.date
)

select * from final
