with

insights as (
    select * from {{ source('meta_ads', 'campaign_insights') }}
),

actions as (
    select * from {{ source('meta_ads', 'campaign_actions') }}
),

-- Meta's types overlap: a total stands beside its parts, and only where it is missing may the parts be added.
pivoted as (
    select
        date,
        account_id,
        campaign_id,
        sum(case when action_type = 'lead' then actions end) as leads,
        sum(case when action_type in ({{ meta_ads_lead_parts() }}) then actions end) as lead_parts,
        sum(case when action_type = 'omni_purchase' then actions end) as omni_purchases,
        sum(case when action_type = 'purchase' then actions end) as purchases,
        sum(case when action_type in ({{ meta_ads_purchase_parts() }}) then actions end) as purchase_parts,
        sum(case when action_type = 'omni_purchase' then action_value end) as omni_purchase_value,
        sum(case when action_type = 'purchase' then action_value end) as purchase_value,
        sum(case when action_type in ({{ meta_ads_purchase_parts() }}) then action_value end) as purchase_part_value,
        sum(case when action_type = 'omni_add_to_cart' then actions end) as omni_add_to_carts,
        sum(case when action_type = 'add_to_cart' then actions end) as add_to_carts,
        sum(case when action_type = 'video_view' then actions end) as video_views,
        sum(case when action_type = 'landing_page_view' then actions end) as landing_page_views,
        sum(case when action_type = 'post_engagement' then actions end) as post_engagements
    from actions
    group by date, account_id, campaign_id
),

-- A series has one meaning: an account that ever had Meta's total of leads has it wherever there is a part.
totals as (
    select distinct account_id
    from actions
    where action_type = 'lead'
),

-- Where nobody acted Meta sends no action at all: that is 0.
joined as (
    select
        insights.date,
        insights.account_id,
        insights.campaign_id,
        upper(insights.currency) as currency,
        insights.impressions,
        insights.clicks,
        insights.inline_link_clicks,
        insights.spend,
        coalesce(pivoted.omni_purchases, pivoted.purchases, pivoted.purchase_parts, 0) as conversions,
        coalesce(
            pivoted.omni_purchase_value, pivoted.purchase_value, pivoted.purchase_part_value, 0
        ) as conversion_value,
        coalesce(case when totals.account_id is null then pivoted.lead_parts else pivoted.leads end, 0) as leads,
        coalesce(pivoted.lead_parts, 0) as lead_parts,
        coalesce(pivoted.video_views, 0) as video_views,
        coalesce(pivoted.landing_page_views, 0) as landing_page_views,
        coalesce(pivoted.omni_add_to_carts, pivoted.add_to_carts, 0) as add_to_carts,
        coalesce(pivoted.post_engagements, 0) as post_engagements,
        insights.loaded_at
    from insights
    left join pivoted
        on
            insights.date = pivoted.date
            and insights.account_id = pivoted.account_id
            and insights.campaign_id = pivoted.campaign_id
    left join totals
        on insights.account_id = totals.account_id
),

-- Meta's conversions are purchases; by that name they stand beside those of other channels.
final as (
    {{ unpivot_measures('meta_ads', 'joined', {
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'inline_link_clicks',
        'spend': 'spend',
        'conversions': 'conversions',
        'conversion_value': 'conversion_value',
        'purchases': 'conversions',
        'purchase_value': 'conversion_value',
        'leads': 'leads',
        'lead_parts': 'lead_parts',
        'video_views': 'video_views',
        'landing_page_views': 'landing_page_views',
        'add_to_carts': 'add_to_carts',
        'post_engagements': 'post_engagements',
    }) }}
)

select * from final
