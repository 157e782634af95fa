{% set metrics = {
    'sessions': 'sessions',
    'engaged_sessions': 'engaged_sessions',
    'conversions': 'key_events',
    'conversion_value': 'total_revenue',
    'page_views': 'screen_page_views',
    'add_to_carts': 'add_to_carts',
    'checkouts': 'checkouts',
    'purchases': 'ecommerce_purchases',
    'purchase_value': 'purchase_revenue',
} %}

with

traffic as (
    select
        *,
        channel_group as campaign_id
    from {{ source('ga4', 'traffic') }}
),

totals as (
    select
        *,
        '' as campaign_id
    from {{ source('ga4', 'property_daily') }}
),

grouped as (
    select
        account_id,
        date,
        {% for column in metrics.values() -%}
        sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from traffic
    group by account_id, date
),

-- GA4 withholds rows of few people: what the groups lack of the day's total has the campaign '', so that all rows of
-- a day add up to the total.
withheld as (
    select
        totals.date,
        totals.account_id,
        totals.campaign_id,
        totals.currency,
        totals.loaded_at,
        {% for column in metrics.values() -%}
        nullif(totals.{{ column }} - coalesce(grouped.{{ column }}, 0), 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from totals
    left join grouped
        on totals.account_id = grouped.account_id and totals.date = grouped.date
),

final as (
    {{ unpivot_measures('ga4', 'traffic', metrics) }}
    union all
    {{ unpivot_measures('ga4', 'withheld', metrics) }}
    union all
    {{ unpivot_measures('ga4', 'totals', {'users': 'total_users', 'new_users': 'new_users'}) }}
)

select
    date,
    channel,
    account_id,
    campaign_id,
    source_file,
    measure,
    value_local,
    upper(currency) as currency,
    loaded_at
from final
