{{ config(materialized='table') }}

-- How far a KPI can be trusted: through the last day that all its sources know, from the first that any of them knew.
with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

sources as (
    select * from {{ ref('int_kpi_sources_matched') }}
),

days as (
    select
        kpi_id,
        min(date) as first_day,
        max(date) as newest_day,
        count(*) as day_count
    from {{ ref('int_kpi_days_summed') }}
    group by kpi_id
),

parts as (
    select * from {{ ref('int_kpi_parts_listed') }}
),

measures as (
    select * from {{ ref('int_file_measures_covered') }}
),

-- A cadence of none is never missed.
files as (
    select
        sources.kpi_id,
        max(coalesce(measures.cadence_days, 100000)) as cadence_days,
        {{ any_row('measures.has_only_its_days') }} as has_only_its_days
    from sources
    inner join parts
        on sources.kpi_id = parts.kpi_id
    inner join measures
        on
            sources.channel = measures.channel
            and sources.account_id = measures.account_id
            and parts.measure = measures.measure
    group by sources.kpi_id
),

covered as (
    select
        kpi_id,
        -- What has ended counts and holds nothing back, nor does what never reported a measure of the KPI.
        coalesce(
            min(case when has_reported and state <> 'ended' then data_through end),
            max(case when has_reported then data_through end),
            case when count(data_through) = count(*) then min(data_through) end
        ) as data_through,
        min(case when state <> 'ended' then provisional_from end) as provisional_from,
        max(last_load_at) as last_load_at,
        min(
            case
                when state not in ('fresh', 'ended', 'off') and data_through is not null and has_reported
                    then {{ first_missing_day('data_through', 'failing_since') }}
            end
        ) as stale_since
    from sources
    group by kpi_id
),

final as (
    select
        kpis.kpi_id,
        kpis.kind,
        case
            when kpis.grain in ('month', 'quarter') then kpis.grain
            -- Readings that come once in three weeks or more are no weekly ones.
            when
                kpis.kind = 'stock' and days.day_count > 1
                and {{ days_between('days.first_day', 'days.newest_day') }} >= 21 * (days.day_count - 1)
                then 'month'
            else 'week'
        end as weeks_unit,
        kpis.grain,
        covered.data_through,
        covered.provisional_from,
        covered.stale_since,
        covered.last_load_at,
        coalesce(files.cadence_days, 3) as cadence_days,
        coalesce(files.has_only_its_days, false) as has_only_its_days,
        days.first_day
    from kpis
    left join covered
        on kpis.kpi_id = covered.kpi_id
    left join files
        on kpis.kpi_id = files.kpi_id
    left join days
        on kpis.kpi_id = days.kpi_id
)

select * from final
