with

campaigns as (
    select * from {{ source('microsoft_ads', 'campaigns') }}
),

performance as (
    select * from {{ source('microsoft_ads', 'campaign_performance') }}
),

unlisted as (
    {{ unlisted_campaigns('performance', 'campaigns') }}
),

named as (
    select
        account_id,
        id as campaign_id,
        name as campaign_name,
        status
    from campaigns
    union all
    select
        account_id,
        campaign_id,
        campaign_name,
        cast(null as {{ dbt.type_string() }}) as status
    from unlisted
),

-- Microsoft's ad groups lie below its campaigns; nothing lies above.
final as (
    select
        'microsoft_ads' as channel,
        account_id,
        campaign_id,
        campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        status
    from named
)

select * from final
