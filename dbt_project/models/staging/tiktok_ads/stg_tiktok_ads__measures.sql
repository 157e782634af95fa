with

report as (
    select
        date,
        account_id,
        campaign_id,
        upper(currency) as currency,
        impressions,
        clicks,
        spend,
        conversion,
        {{ sum_of_known(['complete_payment', 'onsite_shopping', 'total_purchase']) }} as purchases,
        {{ sum_of_known([
            'total_complete_payment_rate', 'total_onsite_shopping_value', 'total_purchase_value',
        ]) }} as purchase_value,
        {{ sum_of_known(['form', 'onsite_form', 'coalesce(total_sales_lead, sales_lead)']) }} as leads,
        video_play_actions,
        video_watched_6s,
        likes,
        follows,
        loaded_at
    from {{ source('tiktok_ads', 'campaign_report') }}
),

-- Every click leads to the destination: beside Meta's and LinkedIn's link clicks these stand.
final as (
    {{ unpivot_measures('tiktok_ads', 'report', {
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'clicks',
        'spend': 'spend',
        'conversions': 'conversion',
        'conversion_value': 'purchase_value',
        'leads': 'leads',
        'video_views': 'video_play_actions',
        'video_views_6s': 'video_watched_6s',
        'purchases': 'purchases',
        'purchase_value': 'purchase_value',
        'likes': 'likes',
        'follows': 'follows',
    }) }}
)

select * from final
