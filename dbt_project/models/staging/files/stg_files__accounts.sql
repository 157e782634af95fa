with

measures as (
    select * from {{ ref('stg_files__measures') }}
),

-- A file knows no account names: its id is all there is.
final as (
    select
        channel,
        account_id,
        account_id as account_name,
        max(currency) as currency,
        cast(null as {{ dbt.type_string() }}) as timezone
    from measures
    group by channel, account_id
)

select * from final
