with

campaigns as (
    select * from {{ source('meta_ads', 'campaigns') }}
),

insights as (
    select * from {{ source('meta_ads', 'campaign_insights') }}
),

unlisted as (
    {{ unlisted_campaigns('insights', 'campaigns') }}
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

-- Meta's ad sets lie below its campaigns; nothing lies above.
final as (
    select
        'meta_ads' as channel,
        account_id,
        campaign_id,
        campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        status
    from named
)

select * from final
