with

source as (
    select * from {{ source('definitions', 'exchange_rates') }}
),

final as (
    select
        date,
        upper(currency) as currency,
        rate
    from source
)

select * from final
