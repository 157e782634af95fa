with

final as (
    select
        channel,
        account_id,
        campaign_id,
        campaign_name,
        campaign_group_id,
        campaign_group_name,
        status
    from {{ ref('int_campaigns_unioned') }}
)

select * from final
