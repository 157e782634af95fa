with

accounts as (
    select * from {{ source('tiktok_ads', 'accounts') }}
),

final as (
    select
        'tiktok_ads' as channel,
        id as account_id,
        name as account_name,
        upper(currency) as currency,
        timezone
    from accounts
)

select * from final
