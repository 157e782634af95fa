{{ config(materialized='table') }}

-- What a KPI comes to over each baseline period, as known now.
with

versions as (
    select * from {{ ref('int_target_version') }}
    where baseline_start is not null
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

intervals as (
    select distinct
        versions.kpi_id,
        kpis.kind,
        versions.baseline_start as start_date,
        versions.baseline_end as end_date
    from versions
    inner join kpis
        on versions.kpi_id = kpis.kpi_id
),

valued as (
    {{ interval_values('intervals') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

counted as (
    select
        valued.kpi_id,
        valued.start_date,
        valued.end_date,
        count(case when days.date >= valued.start_date then days.numerator end) as data_days,
        max(days.date) as last_read
    from valued
    left join days
        on valued.kpi_id = days.kpi_id and valued.end_date >= days.date
    group by valued.kpi_id, valued.start_date, valued.end_date
),

final as (
    select
        valued.*,
        -- An API has reported every day since its first, and so has a file that counts rows or says how far it reaches;
        -- any other file has the days it has. A stock is read once within its cadence.
        case
            when coverage.kind = 'stock'
                then case
                    when {{ days_between('counted.last_read', 'valued.end_date') }} <= coverage.cadence_days then 1.0
                    else 0.0
                end
            when coverage.kind = 'distinct' then null
            when coverage.has_only_its_days
                then {{ quotient('counted.data_days', days_between('valued.start_date', 'valued.end_date') ~ ' + 1') }}
            when coverage.first_day > valued.start_date
                then {{ quotient(
                    days_between('coverage.first_day', 'valued.end_date') ~ ' + 1',
                    days_between('valued.start_date', 'valued.end_date') ~ ' + 1'
                ) }}
            else 1.0
        end as data_share
    from valued
    inner join counted
        on
            valued.kpi_id = counted.kpi_id
            and valued.start_date = counted.start_date
            and valued.end_date = counted.end_date
    inner join coverage
        on valued.kpi_id = coverage.kpi_id
)

select * from final
