{{ config(materialized='table') }}

with

key_results as (
    select * from {{ ref('stg_definitions__key_results') }}
),

objectives as (
    select * from {{ ref('stg_definitions__objectives') }}
),

periods as (
    select * from {{ ref('stg_definitions__periods') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

types as (
    select * from {{ ref('stg_definitions__key_result_types') }}
),

dated as (
    select
        key_results.key_result_id,
        key_results.role,
        key_results.objective_id,
        key_results.position,
        key_results.title,
        key_results.title_texts,
        key_results.type,
        key_results.kpi_id,
        key_results.plan_kpi_id,
        key_results.weight,
        case when types.is_held then coalesce(key_results.hold, 'units') end as hold,
        key_results.allowed_misses,
        key_results.due,
        key_results.definition_signature,
        key_results.signature,
        key_results.starts,
        coalesce(key_results.least_coverage, 0.0) as least_coverage,
        key_results.pace_kind,
        key_results.baseline_start,
        key_results.baseline_end,
        key_results.last_year_start,
        key_results.last_year_end,
        coalesce(key_results.unit, kpis.unit, 'number') as unit,
        types.shape,
        types.is_held,
        types.is_paced,
        types.needs_dates,
        types.reads,
        types.forecast_side,
        coalesce(types.better, kpis.better, 'higher') as better,
        objectives.ambition,
        coalesce(key_results.owner, objectives.owner) as owner,
        key_results.contributors,
        key_results.evidence_target,
        key_results.evidence_of,
        objectives.team_id,
        objectives.parent_id,
        periods.period_id,
        periods.start_date as period_start,
        periods.end_date as period_end,
        context.today
    from key_results
    inner join objectives
        on key_results.objective_id = objectives.objective_id
    inner join periods
        on objectives.period_id = periods.period_id
    cross join context
    inner join types
        on key_results.type = types.type
    left join kpis
        on key_results.kpi_id = kpis.kpi_id
),

final as (
    select
        *,
        case when starts > period_start then starts else period_start end as runs_from,
        {{ days_between('period_start', 'period_end') }} + 1 as period_days,
        today > period_end as is_over
    from dated
)

select * from final
