with

accounts as (
    select * from {{ source('mailchimp', 'accounts') }}
),

-- An account has no currency: each campaign's shop has its own.
final as (
    select
        'mailchimp' as channel,
        id as account_id,
        name as account_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        timezone
    from accounts
)

select * from final
