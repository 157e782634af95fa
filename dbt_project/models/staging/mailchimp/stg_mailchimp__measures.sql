{% set totals = {
    'emails_sent': 'emails_sent',
    'opens': 'opens_total',
    'opens_unique': 'unique_opens',
    'opens_proxy_excluded': 'proxy_excluded_opens',
    'opens_unique_proxy_excluded': 'proxy_excluded_unique_opens',
    'clicks': 'clicks_total',
    'clicks_unique': 'unique_subscriber_clicks',
    'unsubscribes': 'unsubscribed',
    'bounces_hard': 'hard_bounces',
    'bounces_soft': 'soft_bounces',
    'abuse_reports': 'abuse_reports',
    'orders': 'total_orders',
    'revenue': 'total_revenue',
} %}

with

campaigns as (
    select * from {{ source('mailchimp', 'campaigns') }}
),

campaign_totals as (
    select
        *,
        observed_on as date
    from {{ source('mailchimp', 'campaign_totals') }}
),

audience_sizes as (
    select * from {{ source('mailchimp', 'audience_sizes') }}
),

-- A total that a statement lacks gives no row: it stays as in the statement before.
stated as (
    {{ unpivot_measures('mailchimp', 'campaign_totals', totals) }}
),

-- The first statement of a total counts on the day the campaign was sent, where nearly all of it belongs; a later one
-- counts for the day it was observed with what it differs by, corrections downwards included. The sum is the newest.
changes as (
    select
        stated.*,
        campaigns.sent_on,
        lag(stated.value_local) over (
            partition by stated.campaign_id, stated.measure order by stated.loaded_at, stated.date
        ) as value_before
    from stated
    inner join campaigns
        on stated.campaign_id = campaigns.id
),

dated as (
    select
        case when value_before is null then sent_on else date end as date,
        channel,
        account_id,
        campaign_id,
        source_file,
        measure,
        value_local - coalesce(value_before, 0) as value_local,
        upper(currency) as currency,
        loaded_at
    from changes
),

days as (
    select
        date,
        channel,
        account_id,
        campaign_id,
        source_file,
        measure,
        {{ to_amount('sum(value_local)') }} as value_local,
        max(currency) as currency,
        max(loaded_at) as loaded_at
    from dated
    group by date, channel, account_id, campaign_id, source_file, measure
    having sum(value_local) <> 0
),

sizes as (
    select
        account_id,
        audience_id as campaign_id,
        date,
        cast(null as {{ dbt.type_string() }}) as currency,
        loaded_at,
        members
    from audience_sizes
),

final as (
    select * from days
    union all
    {{ unpivot_measures('mailchimp', 'sizes', {'audience_size': 'members'}) }}
)

select * from final
