with

traffic as (
    select * from {{ source('ga4', 'traffic') }}
),

-- GA4 has no campaigns of its own: its default channel groups take their place.
final as (
    select distinct
        'ga4' as channel,
        account_id,
        channel_group as campaign_id,
        channel_group as campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from traffic
)

select * from final
