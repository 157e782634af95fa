with

final as (
    select
        channel,
        account_id,
        account_name,
        currency,
        timezone
    from {{ ref('int_accounts_unioned') }}
)

select * from final
