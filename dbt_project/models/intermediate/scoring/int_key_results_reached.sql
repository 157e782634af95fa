{{ config(materialized='table') }}

-- How far the data of each key result reach.
with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

counted as (
    select * from {{ ref('int_key_result_days_counted') }}
    where is_counted
),

covered as (
    select
        key_results.*,
        -- Without a KPI the value comes from check-ins, which are known up to today.
        case when key_results.kpi_id is null then key_results.today else coverage.data_through end as data_through,
        case when coverage.kind in ('flow', 'ratio') then coverage.first_day end as summed_from,
        coverage.provisional_from,
        -- What the target is taken from may be as old as what is counted.
        case
            when coverage.stale_since is null or plans.stale_since < coverage.stale_since then plans.stale_since
            else coverage.stale_since
        end as stale_since
    from key_results
    left join coverage
        on key_results.kpi_id = coverage.kpi_id
    left join coverage as plans
        on key_results.plan_kpi_id = plans.kpi_id
),

-- Nobody waits for the data of a pause.
resumed as (
    select
        covered.key_result_id,
        {{ add_days('min(counted.date)', -1) }} as free_through
    from covered
    inner join counted
        on covered.key_result_id = counted.key_result_id and covered.data_through < counted.date
    group by covered.key_result_id
),

freed as (
    select
        covered.*,
        {{ earlier(
            earlier('coalesce(resumed.free_through, covered.period_end)', 'covered.period_end'),
            add_days('covered.today', 'case when covered.kpi_id is null then 0 else -1 end')
        ) }} as free_through
    from covered
    left join resumed
        on covered.key_result_id = resumed.key_result_id
),

reached as (
    select
        *,
        case
            when free_through > data_through then free_through
            else {{ earlier('data_through', 'period_end') }}
        end as last_day
    from freed
),

final as (
    select
        *,
        -- Of what is added up; a stock is what it is on its day, whenever its data begin.
        case when summed_from > runs_from and summed_from <= last_day then summed_from end as data_from
    from reached
)

select * from final
