{{ ad_campaigns('tiktok_ads', source('tiktok_ads', 'campaigns'), source('tiktok_ads', 'campaign_report')) }}
