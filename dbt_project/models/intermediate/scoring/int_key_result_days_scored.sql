{{ config(materialized='table') }}

with

measured as (
    select * from {{ ref('int_key_result_days_measured') }}
),

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

shares as (
    select * from {{ ref('int_key_result_days_shared') }}
),

-- The period's total if the rate so far goes on by the days of the week.
projected as (
    select
        measured.*,
        key_results.hold,
        key_results.allowed_misses,
        key_results.forecast_side,
        pace.share_expected,
        pace.ambition_share,
        coalesce(plans.plan_amount, pace.plan_amount) as plan_amount,
        coalesce(plans.baseline_weight, pace.baseline_weight) as baseline_weight,
        case
            when measured.kpi_kind = 'flow'
                then {{ quotient('measured.value', 'coalesce(shares.share, measured.elapsed)') }}
        end as projected
    from measured
    inner join key_results on measured.key_result_id = key_results.key_result_id
    left join shares on measured.key_result_id = shares.key_result_id and measured.date = shares.date
    left join {{ ref('int_pace_days_expected') }} as pace
        on measured.key_result_id = pace.key_result_id and measured.date = pace.date
    left join {{ ref('int_plan_days_kept') }} as plans
        on pace.key_result_id = plans.key_result_id and measured.version = plans.version and pace.date = plans.date
),

limited as (
    select
        *,
        {{ limit_number() }} as limit_number,
        {{ value_met() }} as value_met
    from projected
),

computed as (
    select
        *,
        case when is_baseline_partial or is_plan_partial then null else {{ progress() }} end as raw_progress
    from limited
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
        {{ expected_by_plan() }} as expected,
        key_results.role,
        key_results.objective_id,
        checked.counted_days as period_days,
        key_results.due,
        coalesce(key_results.due < checked.checked_in_by and coalesce(checked.value, 0) < 1, false) as is_past_due,
        key_results.period_end,
        settings.status_on_track,
        settings.status_at_risk,
        settings.grace,
        -- Limits are limits: ambition does not soften them.
        case when checked.is_held then 1.0 else {{ success_line('key_results.ambition') }} end as success_line
    from checked
    inner join key_results on checked.key_result_id = key_results.key_result_id
    cross join {{ ref('stg_definitions__settings') }} as settings
),

scored as (
    select
        *,
        {{ key_result_status() }} as status
    from judged
),

final as (
    select
        *,
        {{ reason_code() }} as reason_code
    from scored
)

select * from final
