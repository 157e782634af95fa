{{ config(materialized='table') }}

with

measures as (
    {{ measures_of_kpis() }}
),

final as (
    select
        channel,
        account_id,
        measure,
        max(date) as last_day
    from measures
    group by channel, account_id, measure
)

select * from final
