with

accounts as (
    select * from {{ source('hubspot', 'accounts') }}
),

final as (
    select
        'hubspot' as channel,
        id as account_id,
        name as account_name,
        upper(currency) as currency,
        timezone
    from accounts
)

select * from final
