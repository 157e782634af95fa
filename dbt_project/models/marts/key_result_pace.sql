with

days as (
    select * from {{ ref('int_pace_days_expected') }}
),

lines as (
    select * from {{ ref('int_targets_resolved') }}
    where is_current
),

with_targets as (
    select
        days.key_result_id,
        days.date,
        days.type,
        days.elapsed,
        days.share_expected,
        days.ambition_share,
        days.plan_amount,
        days.baseline_weight,
        lines.kpi_kind,
        lines.baseline,
        lines.target,
        lines.low,
        lines.high,
        lines.limit_low,
        lines.limit_high
    from days
    inner join lines
        on days.key_result_id = lines.key_result_id
),

with_expected_values as (
    select
        *,
        {{ expected_by_plan() }} as expected
    from with_targets
),

final as (
    select
        key_result_id,
        date,
        expected,
        {{ expected_value() }} as expected_value
    from with_expected_values
)

select * from final
