{{ config(materialized='table') }}

with

scored as (
    select * from {{ ref('int_key_result_progress') }}
),

pace as (
    select * from {{ ref('key_result_pace') }}
),

key_results as (
    select * from {{ ref('int_key_result') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

judged as (
    select
        scored.*,
        pace.expected,
        key_results.role,
        key_results.objective_id,
        key_results.period_days,
        settings.status_on_track,
        settings.status_at_risk,
        settings.grace,
        {{ success_line('key_results.ambition') }} as success_line
    from scored
    inner join key_results
        on scored.key_result_id = key_results.key_result_id
    left join pace
        on scored.key_result_id = pace.key_result_id and scored.date = pace.date
    cross join settings
),

scored_days as (
    select
        key_result_id,
        objective_id,
        role,
        date,
        type,
        kpi_kind,
        value,
        baseline,
        target,
        low,
        high,
        is_held,
        progress,
        score,
        expected,
        {{ status() }} as status,
        success_line,
        elapsed,
        day_no,
        period_days,
        is_provisional,
        lacks_rate,
        projected,
        weeks_kept,
        weeks_observed,
        weight_done,
        weight_total
    from judged
),

final as (
    select
        *,
        {{ reason_code() }} as reason_code
    from scored_days
)

select * from final
