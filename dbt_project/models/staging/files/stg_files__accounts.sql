with

measures as (
    {{ files_places() }}
),

-- Cells as they are first: few are left to be read.
cells as (
    select distinct
        channel,
        account_id,
        currency
    from measures
),

-- A file knows no account names: its id is all there is.
final as (
    select
        channel,
        {{ files_account_id() }} as account_id,
        {{ files_account_id() }} as account_name,
        max(upper(currency)) as currency,
        cast(null as {{ dbt.type_string() }}) as timezone
    from cells
    group by channel, {{ files_account_id() }}
)

select * from final
