with

accounts as (
    select * from {{ source('google_ads', 'accounts') }}
),

final as (
    select
        'google_ads' as channel,
        id as account_id,
        name as account_name,
        upper(currency) as currency,
        timezone
    from accounts
)

select * from final
