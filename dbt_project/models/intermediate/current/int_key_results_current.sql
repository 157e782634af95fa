{{ config(materialized='table') }}

-- The last day of each key result and own measure; one that has no day yet is scheduled or without data. Beside it what
-- has to be known of a relative baseline (it has changed since, or its sources begin within it) and where the owner's
-- confidence and the numbers disagree.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

days as (
    select * from {{ ref('int_key_result_days_scored') }}
),

lines as (
    select * from {{ ref('int_targets_resolved') }}
    where is_current
),

confidences as (
    select * from {{ ref('int_check_ins_ranked') }}
),

joined as (
    select
        key_results.key_result_id,
        key_results.role,
        key_results.objective_id,
        key_results.type,
        key_results.kpi_id,
        key_results.data_through,
        case when key_results.stale_since <= key_results.period_end then key_results.stale_since end as stale_since,
        coalesce(days.date, key_results.today) as date,
        days.value,
        coalesce(days.baseline, lines.baseline) as baseline,
        coalesce(days.target, lines.target) as target,
        lines.baseline as baseline_of_now,
        lines.target as target_of_now,
        lines.low,
        lines.high,
        lines.kpi_kind,
        lines.is_signed,
        lines.baseline_kept,
        lines.baseline_now,
        case
            when lines.is_restated then 'restated'
            -- A sum over half a quarter is a target too easily reached.
            when lines.baseline_from is not null then 'baseline_begins'
            when lines.baseline_start <> key_results.baseline_start then 'baseline_stays'
        end as baseline_note_code,
        lines.baseline_from,
        lines.baseline_start,
        lines.baseline_end,
        lines.plan_kpi_id,
        lines.plan_missing_from,
        days.progress,
        days.score,
        days.expected,
        case
            when days.status is not null then days.status
            when key_results.today < key_results.runs_from then 'scheduled'
            else 'no_data'
        end as status,
        case
            when days.reason_code is not null then days.reason_code
            when key_results.today < key_results.runs_from then 'scheduled'
            else 'no_source'
        end as reason_code,
        days.projected,
        days.hold,
        days.limit_number,
        days.value_met,
        days.allowed_misses,
        days.weeks_unit,
        days.weeks_kept,
        days.weeks_observed,
        days.due,
        days.weight_done,
        days.weight_total,
        days.day_no,
        coalesce(days.period_days, key_results.period_days) as period_days,
        days.success_line,
        coalesce(days.is_provisional, true) as is_provisional,
        confidences.confidence,
        confidences.evidence,
        confidences.last_check_in,
        confidences.last_check_in_by,
        confidences.last_check_in_note,
        confidences.last_check_in_next
    from key_results
    inner join lines
        on key_results.key_result_id = lines.key_result_id
    left join days
        on key_results.key_result_id = days.key_result_id and key_results.last_day = days.date
    left join confidences
        on key_results.key_result_id = confidences.key_result_id
),

final as (
    select
        *,
        case
            when confidence >= 0.7 and status in ('off_track', 'missed') then 'disagrees_high'
            when confidence <= 0.4 and status in ('on_track', 'achieved') then 'disagrees_low'
        end as disagreement_code
    from joined
)

select * from final
