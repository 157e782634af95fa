{{ ad_campaigns('meta_ads', source('meta_ads', 'campaigns'), source('meta_ads', 'campaign_insights')) }}
