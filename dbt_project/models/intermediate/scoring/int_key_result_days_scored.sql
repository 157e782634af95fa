{{ config(materialized='table') }}

with

measured as (
    select * from {{ ref('int_key_result_days_measured') }}
),

pace as (
    select * from {{ ref('int_pace_days_expected') }}
),

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

-- The period's total if the rate so far goes on.
projected as (
    select
        *,
        case when kpi_kind = 'flow' then {{ quotient('value', 'elapsed') }} end as projected
    from measured
),

computed as (
    select
        *,
        {{ progress() }} as raw_progress
    from projected
),

checked as (
    select
        *,
        {{ finite('raw_progress') }} as progress
    from computed
),

judged as (
    select
        checked.*,
        {{ clamp_share('checked.progress') }} as score,
        pace.expected,
        key_results.role,
        key_results.objective_id,
        key_results.period_days,
        settings.status_on_track,
        settings.status_at_risk,
        settings.grace,
        {{ success_line('key_results.ambition') }} as success_line
    from checked
    inner join key_results
        on checked.key_result_id = key_results.key_result_id
    left join pace
        on checked.key_result_id = pace.key_result_id and checked.date = pace.date
    cross join settings
),

scored as (
    select
        *,
        {{ status() }} as status
    from judged
),

final as (
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
        progress,
        score,
        expected,
        status,
        {{ reason_code() }} as reason_code,
        success_line,
        day_no,
        period_days,
        is_provisional,
        projected,
        weeks_kept,
        weeks_observed,
        weight_done,
        weight_total
    from scored
)

select * from final
