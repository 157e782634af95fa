with

analytics as (
    select
        date,
        account_id,
        campaign_id,
        upper(currency) as currency,
        impressions,
        clicks,
        landing_page_clicks,
        cost_in_local_currency,
        external_website_conversions,
        conversion_value_in_local_currency,
        one_click_leads,
        video_views,
        loaded_at
    from {{ source('linkedin_ads', 'campaign_analytics') }}
),

purchases as (
    select
        date,
        account_id,
        campaign_id,
        upper(currency) as currency,
        sum(external_website_conversions) as purchases,
        sum(conversion_value_in_local_currency) as purchase_value,
        max(loaded_at) as loaded_at
    from {{ source('linkedin_ads', 'campaign_conversions') }}
    where conversion_type = 'PURCHASE'
    group by date, account_id, campaign_id, upper(currency)
),

final as (
    {{ unpivot_measures('linkedin_ads', 'analytics', {
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'landing_page_clicks',
        'spend': 'cost_in_local_currency',
        'conversions': 'external_website_conversions',
        'conversion_value': 'conversion_value_in_local_currency',
        'leads': 'one_click_leads',
        'video_views': 'video_views',
    }) }}
    union all
    {{ unpivot_measures('linkedin_ads', 'purchases', {
        'purchases': 'purchases',
        'purchase_value': 'purchase_value',
    }) }}
)

select * from final
