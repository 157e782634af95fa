{{ config(materialized='table') }}

-- How far the data of each key result reach.
with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

covered as (
    select
        key_results.*,
        -- Without a KPI the value comes from check-ins, which are known up to today.
        case when key_results.kpi_id is null then key_results.today else coverage.data_through end as data_through,
        case when coverage.kind in ('flow', 'ratio') then coverage.first_day end as summed_from,
        coverage.provisional_from,
        coverage.stale_since
    from key_results
    left join coverage
        on key_results.kpi_id = coverage.kpi_id
),

reached as (
    select
        *,
        {{ earlier('data_through', 'period_end') }} as last_day
    from covered
),

final as (
    select
        *,
        -- Of what is added up; a stock is what it is on its day, whenever its data begin.
        case when summed_from > period_start and summed_from <= last_day then summed_from end as data_from
    from reached
)

select * from final
