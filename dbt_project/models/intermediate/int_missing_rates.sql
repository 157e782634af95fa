{{ config(materialized='view' if target.type == 'duckdb' else 'table') }}

with

measures as (
    select * from {{ ref('int_measure_daily') }}
),

final as (
    select distinct
        channel,
        account_id,
        currency,
        date
    from measures
    where value is null
)

select * from final
