{{ config(materialized='table', post_hook="{{ take_changed_days_out() }}") }}

-- What a day's numbers are made from is compared, not remembered: rows that were restated, deleted or renamed, files,
-- rates, currencies and conversions all show here, and nothing else does. Rows are digested as they are, by what
-- decides what becomes of them; that joins their digests: joining each row takes six times as long.
with

staged as (
    {{ staged_measures() }}
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

known_measures as (
    select * from {{ ref('stg_definitions__measures') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

rates as (
    select * from {{ ref('int_rates_dated') }}
),

measures as (
    select
        channel,
        date,
        measure,
        currency,
        {{ any_row('value_local <> 0') }} as has_amounts,
        {{ digest_of_rows(['account_id', 'campaign_id', 'source_file', 'value_local']) }} as digest
    from staged
    group by channel, date, measure, currency
),

priced as (
    select
        measures.channel,
        measures.date,
        measures.measure,
        coalesce(measures.currency, settings.currency) as currency,
        measures.digest,
        channels.conversions_from,
        channels.conversion_value_from,
        channels.leads_from,
        {{ needs_rate('measures.has_amounts') }} as needs_rate
    from measures
    cross join settings
    left join known_measures
        on measures.measure = known_measures.measure
    left join channels
        on measures.channel = channels.channel
    where not coalesce(channels.is_off, false)
),

days_now as (
    select
        priced.channel,
        priced.date,
        {{ digest_of_rows([
            'priced.measure', 'priced.currency', 'priced.digest', 'priced.needs_rate', 'rates.rate',
            'priced.conversions_from', 'priced.conversion_value_from', 'priced.leads_from'
        ]) }} as digest
    from priced
    left join rates
        on
            priced.needs_rate
            and priced.currency = rates.currency
            and priced.date = rates.date
    group by priced.channel, priced.date
),

days_built as (
    {{ days_built() }}
),

final as (
    select
        coalesce(days_now.channel, days_built.channel) as channel,
        coalesce(days_now.date, days_built.date) as date,
        days_now.digest
    from days_now
    full outer join days_built
        on days_now.channel = days_built.channel and days_now.date = days_built.date
    where
        days_now.digest is null
        or days_built.digest is null
        or days_now.digest <> days_built.digest
)

select * from final
