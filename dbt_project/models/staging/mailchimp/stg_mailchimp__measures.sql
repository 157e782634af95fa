{% set totals = {
    'emails_sent': 'emails_sent',
    'opens': 'opens_total',
    'opens_unique': 'unique_opens',
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

campaign_totals as (
    select * from {{ source('mailchimp', 'campaign_totals') }}
),

audience_sizes as (
    select * from {{ source('mailchimp', 'audience_sizes') }}
),

-- A total that one statement lacks is as it was in the one before: the only one that is there of those counted so far.
counted as (
    select
        *,
        {% for column in totals.values() -%}
        count({{ column }}) over ({{ so_far('campaign_id', 'loaded_at, observed_on') }}) as {{ column }}_known{{ ',' if not loop.last }}
        {% endfor %}
    from campaign_totals
),

stated as (
    select
        account_id,
        campaign_id,
        currency,
        sent_on,
        observed_on,
        loaded_at,
        {% for column in totals.values() -%}
        max({{ column }}) over (partition by campaign_id, {{ column }}_known) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from counted
),

-- The first statement of a campaign counts on the day it was sent, where nearly all of it belongs; a later one counts
-- for the day it was observed with what it differs by, corrections downwards included. The sum is the newest statement.
changes as (
    select
        account_id,
        campaign_id,
        currency,
        loaded_at,
        case
            when row_number() over (partition by campaign_id order by loaded_at, observed_on) = 1 then sent_on
            else observed_on
        end as date,
        {% for column in totals.values() -%}
        {{ column }} - coalesce(
            lag({{ column }}) over (partition by campaign_id order by loaded_at, observed_on), 0
        ) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from stated
),

days as (
    select
        account_id,
        campaign_id,
        date,
        max(upper(currency)) as currency,
        max(loaded_at) as loaded_at,
        {% for column in totals.values() -%}
        nullif(sum({{ column }}), 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from changes
    group by account_id, campaign_id, date
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
    {{ unpivot_measures('mailchimp', 'days', totals) }}
    union all
    {{ unpivot_measures('mailchimp', 'sizes', {'audience_size': 'members'}) }}
)

select * from final
