{{ config(materialized='table') }}

-- The weeks of a key result for the types that are judged week by week, the months where its KPI is known by months:
-- of each the days that count. It counts once the last of them is closed.
with

versions as (
    select * from {{ ref('int_target_version') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

types as (
    select * from {{ ref('stg_definitions__key_result_types') }}
    where is_held
),

lines as (
    select
        versions.key_result_id,
        versions.version,
        versions.kpi_id,
        coalesce(kpis.kind, versions.kpi_kind) as kpi_kind
    from versions
    inner join types
        on versions.type = types.type
    left join kpis
        on versions.kpi_id = kpis.kpi_id
    where coalesce(kpis.kind, versions.kpi_kind) <> 'flow'
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

counted as (
    select * from {{ ref('int_key_result_days_counted') }}
    where is_counted
),

days as (
    select
        lines.key_result_id,
        lines.version,
        lines.kpi_id,
        lines.kpi_kind,
        coalesce(coverage.weeks_unit, 'week') as weeks_unit,
        counted.date,
        case coverage.weeks_unit
            when 'month' then counted.month_start
            when 'quarter' then counted.quarter_start
            else counted.week_start
        end as unit_start
    from lines
    inner join counted
        on lines.key_result_id = counted.key_result_id
    left join coverage
        on lines.kpi_id = coverage.kpi_id
),

final as (
    select
        key_result_id,
        version,
        kpi_id,
        kpi_kind,
        weeks_unit,
        date,
        min(date) over (partition by key_result_id, version, unit_start) as week_start,
        max(date) over (partition by key_result_id, version, unit_start) as week_end
    from days
)

select * from final
