with

measures as (
    select * from {{ source('sql', 'measures') }}
),

named as (
    select
        account_id,
        campaign_id,
        campaign_name,
        row_number() over (
            partition by account_id, campaign_id
            order by date desc, loaded_at desc, campaign_name asc
        ) as newest_first
    from measures
    where campaign_id <> ''
),

final as (
    select
        'sql' as channel,
        account_id,
        campaign_id,
        coalesce(nullif(campaign_name, ''), campaign_id) as campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from named
    where newest_first = 1
)

select * from final
