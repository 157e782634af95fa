with

campaigns as (
    select * from {{ source('google_ads', 'campaigns') }}
),

stats as (
    select * from {{ source('google_ads', 'campaign_stats') }}
),

unlisted as (
    {{ unlisted_campaigns('stats', 'campaigns') }}
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

-- Google's ad groups lie below its campaigns; nothing lies above.
final as (
    select
        'google_ads' as channel,
        account_id,
        campaign_id,
        campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        status
    from named
)

select * from final
