-- Unpaid search has no campaigns.
with

accounts as (
    select * from {{ source('search_console', 'accounts') }}
),

final as (
    select
        'search_console' as channel,
        id as account_id,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        cast(null as {{ dbt.type_string() }}) as campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from accounts
    where false
)

select * from final
