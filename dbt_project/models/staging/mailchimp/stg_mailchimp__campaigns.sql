-- Campaigns belong to the audience they were sent to; an audience itself holds the rows of its size.
with

campaigns as (
    select * from {{ source('mailchimp', 'campaigns') }}
),

audiences as (
    select * from {{ source('mailchimp', 'audiences') }}
),

final as (
    select
        'mailchimp' as channel,
        campaigns.account_id,
        campaigns.id as campaign_id,
        campaigns.name as campaign_name,
        campaigns.audience_id as campaign_group_id,
        audiences.name as campaign_group_name,
        'sent' as status
    from campaigns
    left join audiences
        on campaigns.audience_id = audiences.id

    union all

    select
        'mailchimp' as channel,
        account_id,
        id as campaign_id,
        name as campaign_name,
        id as campaign_group_id,
        name as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from audiences
)

select * from final
