with

accounts as (
    select * from {{ source('search_console', 'accounts') }}
),

final as (
    select
        'search_console' as channel,
        id as account_id,
        name as account_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        timezone
    from accounts
    where held_by is null
)

select * from final
