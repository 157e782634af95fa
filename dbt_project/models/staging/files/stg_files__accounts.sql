with

measures as (
    {{ files_places() }}
),

-- A file knows no account names: its id is all there is.
final as (
    select
        channel,
        {{ files_account_id() }} as account_id,
        {{ files_account_id() }} as account_name,
        max(upper(currency)) as currency,
        cast(null as {{ dbt.type_string() }}) as timezone
    from measures
    group by channel, {{ files_account_id() }}
)

select * from final
