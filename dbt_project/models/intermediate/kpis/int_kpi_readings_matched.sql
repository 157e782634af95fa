{{ config(materialized='table') }}

-- What a source says for exactly one interval: the only value a distinct count has, since people of two days, campaigns
-- or accounts overlap. A KPI that names campaigns or files has no such value, for sources count the whole account.
with

intervals as (
    {% for channel in var('interval_channels') -%}
    select * from {{ ref('stg_' ~ channel ~ '__interval_measures') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
    where kind = 'distinct'
),

sources as (
    select * from {{ ref('int_kpi_sources_matched') }}
),

narrowed as (
    select distinct kpi_id from {{ ref('stg_definitions__kpi_conditions') }}
    where field not in ('channel', 'account_id', 'account_name')
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

together as (
    select
        kpis.kpi_id,
        intervals.start_date,
        intervals.end_date,
        {{ to_double('intervals.value') }} as value
    from kpis
    inner join sources
        on kpis.kpi_id = sources.kpi_id
    inner join intervals
        on
            kpis.measure = intervals.measure
            and sources.channel = intervals.channel
            and sources.account_id = intervals.account_id
            and intervals.start_date < intervals.end_date
    left join narrowed
        on kpis.kpi_id = narrowed.kpi_id
    where narrowed.kpi_id is null

    union all

    select
        kpis.kpi_id,
        days.date as start_date,
        days.date as end_date,
        days.value
    from kpis
    inner join days
        on kpis.kpi_id = days.kpi_id
),

final as (
    select
        kpi_id,
        start_date,
        end_date,
        case when count(*) = 1 then max(value) end as value
    from together
    group by kpi_id, start_date, end_date
)

select * from final
