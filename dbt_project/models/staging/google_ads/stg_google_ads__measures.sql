with

stats as (
    select * from {{ source('google_ads', 'campaign_stats') }}
),

-- A lead is counted where it comes in: QUALIFIED_LEAD and CONVERTED_LEAD are later stages of the same people.
leads as (
    select
        date,
        account_id,
        campaign_id,
        sum(all_conversions) as leads
    from {{ source('google_ads', 'campaign_conversions') }}
    where
        conversion_action_category in (
            'SUBMIT_LEAD_FORM', 'PHONE_CALL_LEAD', 'REQUEST_QUOTE', 'MESSAGE_LEAD', 'IMPORTED_LEAD'
        )
    group by date, account_id, campaign_id
),

purchases as (
    select
        date,
        account_id,
        campaign_id,
        sum(all_conversions) as purchases,
        sum(all_conversions_value) as purchase_value
    from {{ source('google_ads', 'campaign_conversions') }}
    where conversion_action_category = 'PURCHASE'
    group by date, account_id, campaign_id
),

joined as (
    select
        stats.date,
        stats.account_id,
        stats.campaign_id,
        upper(stats.currency) as currency,
        stats.impressions,
        stats.clicks,
        stats.interactions,
        stats.cost,
        stats.conversions,
        stats.conversions_value,
        stats.all_conversions,
        stats.all_conversions_value,
        stats.view_through_conversions,
        stats.video_trueview_views,
        coalesce(leads.leads, 0) as leads,
        coalesce(purchases.purchases, 0) as purchases,
        coalesce(purchases.purchase_value, 0) as purchase_value,
        stats.loaded_at
    from stats
    left join leads
        on
            stats.date = leads.date
            and stats.account_id = leads.account_id
            and stats.campaign_id = leads.campaign_id
    left join purchases
        on
            stats.date = purchases.date
            and stats.account_id = purchases.account_id
            and stats.campaign_id = purchases.campaign_id
),

-- Every click leads to the destination: beside Meta's and LinkedIn's link clicks these stand.
final as (
    {{ unpivot_measures('google_ads', 'joined', {
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'clicks',
        'interactions': 'interactions',
        'spend': 'cost',
        'conversions': 'conversions',
        'conversion_value': 'conversions_value',
        'leads': 'leads',
        'purchases': 'purchases',
        'purchase_value': 'purchase_value',
        'video_views': 'video_trueview_views',
        'all_conversions': 'all_conversions',
        'all_conversion_value': 'all_conversions_value',
        'view_through_conversions': 'view_through_conversions',
    }) }}
)

select * from final
