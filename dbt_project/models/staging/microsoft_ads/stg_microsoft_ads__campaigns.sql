{{
    ad_campaigns(
        'microsoft_ads', source('microsoft_ads', 'campaigns'), source('microsoft_ads', 'campaign_performance')
    )
}}
