with

accounts as (
    select * from {{ source('ga4', 'accounts') }}
),

final as (
    select
        'ga4' as channel,
        id as account_id,
        name as account_name,
        upper(currency) as currency,
        timezone
    from accounts
)

select * from final
