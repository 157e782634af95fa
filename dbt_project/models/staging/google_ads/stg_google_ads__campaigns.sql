{{ ad_campaigns('google_ads', source('google_ads', 'campaigns'), source('google_ads', 'campaign_stats')) }}
