{{ config(materialized='table', tags=['every_refresh']) }}

-- An account whose amounts lack an exchange rate has failed, however well it was loaded.

with

sources as (
    {{ sources_of_kpis() }}
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
),

ranked as (
    select
        channel,
        account_id,
        currency,
        date,
        row_number() over (partition by channel, account_id order by date, currency) as first_wrong
    from {{ ref('int_measures_converted') }}
    where value is null
),

first_missing as (
    select * from ranked
    where first_wrong = 1
),

answers as (
    {% for channel in var('flag_channels') -%}
    select * from {{ ref('stg_' ~ channel ~ '__answer_flags') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- Days of which the vendor itself says that their numbers are less than all there was.
flagged as (
    select
        channel,
        account_id,
        cast(sum(case when is_withheld then 1 else 0 end) as {{ dbt.type_bigint() }}) as withheld_days,
        cast(sum(case when is_sampled then 1 else 0 end) as {{ dbt.type_bigint() }}) as sampled_days,
        cast(sum(case when is_grouped then 1 else 0 end) as {{ dbt.type_bigint() }}) as grouped_days,
        max(date) as last_flagged_day
    from answers
    where is_withheld or is_sampled or is_grouped
    group by channel, account_id
),

final as (
    select
        sources.channel,
        sources.account_id,
        coalesce(accounts.account_name, sources.account_id) as account_name,
        case when first_missing.date is not null then 'failed' else sources.state end as state,
        sources.data_through,
        sources.provisional_from,
        sources.last_load_at,
        case
            when first_missing.date is null and sources.state not in ('fresh', 'ended', 'off') then sources.last_error
        end as last_error,
        case when first_missing.date is not null then 'no_rate' end as error_code,
        sources.note,
        flagged.withheld_days,
        flagged.sampled_days,
        flagged.grouped_days,
        flagged.last_flagged_day,
        first_missing.currency as missing_currency,
        first_missing.date as missing_date,
        case
            when first_missing.date is not null then first_missing.date
            when sources.state not in ('fresh', 'ended', 'off')
                then {{ first_missing_day('sources.data_through', 'sources.failing_since') }}
        end as stale_since
    from sources
    left join accounts
        on sources.channel = accounts.channel and sources.account_id = accounts.account_id
    left join flagged
        on sources.channel = flagged.channel and sources.account_id = flagged.account_id
    left join first_missing
        on sources.channel = first_missing.channel and sources.account_id = first_missing.account_id
)

select * from final
