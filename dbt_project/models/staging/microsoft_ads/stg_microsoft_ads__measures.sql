with

-- Microsoft splits a campaign's day by seven attributes, device and network among them.
performance as (
    select
        date,
        account_id,
        campaign_id,
        upper(currency) as currency,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(spend) as spend,
        sum(conversions_qualified) as conversions_qualified,
        sum(revenue) as revenue,
        sum(all_conversions_qualified) as all_conversions_qualified,
        sum(all_revenue) as all_revenue,
        max(loaded_at) as loaded_at
    from {{ source('microsoft_ads', 'campaign_performance') }}
    group by date, account_id, campaign_id, upper(currency)
),

-- Microsoft's own groups of goal categories.
goals as (
    select
        date,
        account_id,
        campaign_id,
        upper(currency) as currency,
        sum(case when goal_category = 'Purchase' then all_conversions_qualified end) as purchases,
        sum(case when goal_category = 'Purchase' then all_revenue end) as purchase_value,
        sum(
            case
                when
                    goal_category in (
                        'SubmitLeadForm', 'BookAppointment', 'Signup', 'RequestQuote', 'GetDirections', 'OutboundClick'
                    )
                    then all_conversions_qualified
            end
        ) as goal_leads,
        max(loaded_at) as loaded_at
    from {{ source('microsoft_ads', 'campaign_goals') }}
    group by date, account_id, campaign_id, upper(currency)
),

-- Every click leads to the destination: beside Meta's and LinkedIn's link clicks these stand.
final as (
    {{ unpivot_measures('microsoft_ads', 'performance', {
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'clicks',
        'spend': 'spend',
        'conversions': 'conversions_qualified',
        'conversion_value': 'revenue',
        'all_conversions': 'all_conversions_qualified',
        'all_conversion_value': 'all_revenue',
    }) }}
    union all
    {{ unpivot_measures('microsoft_ads', 'goals', {
        'purchases': 'purchases',
        'purchase_value': 'purchase_value',
        'goal_leads': 'goal_leads',
    }) }}
)

select * from final
