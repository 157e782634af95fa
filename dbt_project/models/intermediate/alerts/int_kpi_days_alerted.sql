{{ config(materialized='table') }}

-- Days that came out of the range expected for them (docs/alerts.md).
with

final as (
    {{ alerts_of(ref('int_alert_days_listed')) }}
)

select * from final
