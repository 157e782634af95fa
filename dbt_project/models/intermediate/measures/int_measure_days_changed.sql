{{ config(materialized='table', post_hook="{{ take_changed_days_out() }}") }}

-- What a day's numbers are made from is compared, not remembered: rows that were restated, deleted or renamed, files,
-- rates, currencies and conversions all show here, and nothing else does.
with

days_now as (
    select
        channel,
        date,
        {{ digest_of_rows([
            'account_id', 'campaign_id', 'source_file', 'measure', 'currency', 'value_local', 'value'
        ]) }} as digest
    from {{ ref('int_measures_priced') }}
    group by channel, date
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
