{{ config(materialized='table') }}

-- What a KPI comes to over each baseline period, as known now.
with

lines as (
    select * from {{ ref('int_targets_spanned') }}
    where baseline_start is not null and kpi_id is not null
),

intervals as (
    select distinct
        kpi_id,
        kpi_kind as kind,
        baseline_start as start_date,
        baseline_end as end_date
    from lines
),

final as (
    {{ interval_values('intervals') }}
)

select * from final
