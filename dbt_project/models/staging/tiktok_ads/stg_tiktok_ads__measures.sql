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
        total_purchase_value,
        complete_payment,
        sales_lead,
        video_play_actions,
        video_watched_6s,
        likes,
        follows,
        loaded_at
    from {{ source('tiktok_ads', 'campaign_report') }}
),

final as (
    {{ unpivot_measures('tiktok_ads', 'report', {
        'impressions': 'impressions',
        'clicks': 'clicks',
        'spend': 'spend',
        'conversions': 'conversion',
        'conversion_value': 'total_purchase_value',
        'leads': 'sales_lead',
        'video_views': 'video_play_actions',
        'video_views_6s': 'video_watched_6s',
        'purchases': 'complete_payment',
        'likes': 'likes',
        'follows': 'follows',
    }) }}
)

select * from final
