{{ config(materialized='view' if target.name == 'duckdb' else 'table') }}

-- Campaigns are called what they were called on that day, as int_campaign_names_spanned knows it.
with

ads as (
    select * from {{ ref('int_ads_pivoted') }}
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

names as (
    select * from {{ ref('int_campaign_names_spanned') }}
    where names_of = 'of_the_day'
),

sources as (
    select * from {{ ref('int_sources_dated') }}
),

final as (
    select
        ads.date,
        ads.channel,
        ads.account_id,
        ads.campaign_id,
        accounts.account_name,
        coalesce(names.campaign_name, campaigns.campaign_name) as campaign_name,
        campaigns.campaign_group_id,
        campaigns.campaign_group_name,
        ads.currency,
        {% for measure in ad_measures() -%}
        ads.{{ measure }},
        {% endfor -%}
        coalesce(ads.date >= sources.provisional_from, false) as is_provisional
    from ads
    left join channels
        on ads.channel = channels.channel
    left join accounts
        on ads.channel = accounts.channel and ads.account_id = accounts.account_id
    left join campaigns
        on
            ads.channel = campaigns.channel
            and ads.account_id = campaigns.account_id
            and ads.campaign_id = campaigns.campaign_id
    left join names
        on
            ads.channel = names.channel
            and ads.account_id = names.account_id
            and ads.campaign_id = names.campaign_id
            and ads.date >= names.valid_from
            and ads.date < names.next_from
    left join sources
        on ads.channel = sources.channel and ads.account_id = sources.account_id
    -- A channel that was switched off is no longer described; its days stay.
    where coalesce(channels.kind, 'ads') in ('ads', 'file')
)

select * from final
