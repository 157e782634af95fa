{{ config(materialized='table') }}

-- What a campaign was called when: of files what the rows of the day say, of APIs the name known when that day was
-- first loaded. The first name known is that of the days before it too. `latest` is the last name known, for all days:
-- a KPI may ask for it.
with

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

first_seen as (
    select
        *,
        row_number() over (partition by channel, account_id, campaign_id, seen_on order by version desc) as newest_first
    from {{ ref('int_campaigns_named') }}
),

names as (
    select
        channel,
        account_id,
        campaign_id,
        date,
        campaign_name
    from {{ ref('stg_files__campaign_names') }}

    union all

    select
        channel,
        account_id,
        campaign_id,
        seen_on as date,
        campaign_name
    from first_seen
    where newest_first = 1
),

days as (
    select
        *,
        lag(campaign_name) over (partition by channel, account_id, campaign_id order by date) as name_before
    from names
),

changes as (
    select
        channel,
        account_id,
        campaign_id,
        campaign_name,
        case when name_before is null then cast('1900-01-01' as date) else date end as valid_from
    from days
    where name_before is null or name_before <> campaign_name
),

unchanged as (
    select
        campaigns.channel,
        campaigns.account_id,
        campaigns.campaign_id,
        campaigns.campaign_name,
        cast('1900-01-01' as date) as valid_from
    from campaigns
    left join changes
        on
            campaigns.channel = changes.channel
            and campaigns.account_id = changes.account_id
            and campaigns.campaign_id = changes.campaign_id
    where changes.channel is null
),

together as (
    select * from changes
    union all
    select * from unchanged
),

final as (
    select
        'of_the_day' as names_of,
        channel,
        account_id,
        campaign_id,
        campaign_name,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by channel, account_id, campaign_id order by valid_from),
            cast('9999-12-31' as date)
        ) as next_from
    from together

    union all

    select
        'latest' as names_of,
        channel,
        account_id,
        campaign_id,
        campaign_name,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as next_from
    from campaigns
)

select * from final
