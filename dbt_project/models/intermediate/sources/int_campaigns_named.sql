{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

-- Each name that an API gave a campaign, with the day of the load that first brought it: an API tells the name of today
-- alone, so only the past holds the others. Files say it day by day and need no ledger.
with

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
    where not is_file
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

{% if is_incremental() -%}
newest as (
    select
        *,
        row_number() over (partition by channel, account_id, campaign_id order by version desc) as newest_first
    from {{ this }}
),

{% endif -%}
final as (
    select
        campaigns.channel,
        campaigns.account_id,
        campaigns.campaign_id,
        campaigns.campaign_name,
        context.today as seen_on,
        {{ 'coalesce(newest.version, 0) + 1' if is_incremental() else '1' }} as version
    from campaigns
    inner join channels
        on campaigns.channel = channels.channel
    cross join context
    {% if is_incremental() -%}
    left join newest
        on
            campaigns.channel = newest.channel
            and campaigns.account_id = newest.account_id
            and campaigns.campaign_id = newest.campaign_id
            and newest.newest_first = 1
    {% endif -%}
    where
        campaigns.campaign_name is not null
        {% if is_incremental() -%}
        and coalesce(newest.campaign_name, '') <> campaigns.campaign_name
        {%- endif %}
)

select * from final
