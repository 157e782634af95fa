with

campaigns as (
    select * from {{ source('linkedin_ads', 'campaigns') }}
),

campaign_groups as (
    select * from {{ source('linkedin_ads', 'campaign_groups') }}
),

-- LinkedIn's campaign group is what other vendors call a campaign, its campaign their ad group (docs/decisions/0002).
final as (
    select
        'linkedin_ads' as channel,
        campaigns.account_id,
        campaigns.id as campaign_id,
        campaigns.name as campaign_name,
        campaigns.campaign_group_id,
        campaign_groups.name as campaign_group_name,
        campaigns.status
    from campaigns
    left join campaign_groups
        on campaigns.campaign_group_id = campaign_groups.id
)

select * from final
