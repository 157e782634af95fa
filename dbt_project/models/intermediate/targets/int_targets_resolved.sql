{{ config(materialized='table') }}

-- A version that is newer than the data counts for their last day already, and for no earlier one: what is shown is
-- always held against the target of today.
with

spans as (
    select * from {{ ref('int_targets_spanned') }}
),

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

begun as (
    select
        spans.*,
        case
            when key_results.last_day >= key_results.period_start and key_results.last_day < spans.valid_from
                then key_results.last_day
            else spans.valid_from
        end as counts_from
    from spans
    inner join key_results
        on spans.key_result_id = key_results.key_result_id
),

ranked as (
    select
        *,
        row_number() over (partition by key_result_id, counts_from order by version desc) as newest_first
    from begun
),

lines as (
    select
        *,
        lead(counts_from) over (partition by key_result_id order by counts_from) as next_from
    from ranked
    where newest_first = 1
),

resolved as (
    select * from {{ ref('int_resolved_target') }}
),

values_now as (
    select * from {{ ref('int_baselines_valued') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
),

with_baselines as (
    select
        lines.*,
        case
            when
                coverage.kind in ('flow', 'ratio')
                and coverage.first_day > lines.baseline_start and coverage.first_day <= lines.baseline_end
                then coverage.first_day
        end as baseline_from,
        coalesce(coverage.weeks_unit, 'week') as weeks_unit,
        values_now.value as baseline_now,
        resolved.baseline as baseline_kept,
        coalesce(resolved.baseline is null and values_now.data_share < lines.least_coverage, false)
        as is_baseline_partial,
        coalesce(lines.baseline_value, resolved.baseline, values_now.value) as baseline
    from lines
    left join resolved
        on lines.key_result_id = resolved.key_result_id and lines.signature = resolved.signature
    left join values_now
        on
            lines.kpi_id = values_now.kpi_id
            and lines.baseline_start = values_now.start_date
            and lines.baseline_end = values_now.end_date
    left join coverage
        on lines.kpi_id = coverage.kpi_id
),

final as (
    select
        key_result_id,
        version,
        counts_from as valid_from,
        case when next_from is not null then {{ add_days('next_from', -1) }} end as valid_through,
        is_current,
        type,
        kpi_id,
        kpi_kind,
        low,
        high,
        limit_low,
        limit_high,
        is_held,
        needs_dates,
        is_signed,
        is_baseline_partial,
        plan_kpi_id,
        plan_missing_from,
        plan_kpi_id is not null and target is null as is_plan_partial,
        baseline_start,
        baseline_end,
        weeks_unit,
        reads,
        baseline,
        case
            when change is null then target
            -- A share of what is nothing, or less, is no target; one that was fixed before that rule stays.
            when baseline > 0 or baseline_kept is not null then baseline * (size_start + size_sign * change)
        end as target,
        baseline_start is not null and baseline_kept is null as is_provisional,
        baseline_now,
        baseline_kept,
        baseline_from,
        -- docs/scoring.md: a baseline restated by more than 1 % is said on the key result.
        coalesce(abs(baseline_now - baseline_kept) > 0.01 * abs(baseline_kept), false) as is_restated
    from with_baselines
)

select * from final
