with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where role = 'key_result'
),

now_rows as (
    select * from {{ ref('int_key_results_current') }}
),

forecasts as (
    select * from {{ ref('int_key_result_days_forecast') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

final as (
    select
        key_results.key_result_id,
        key_results.objective_id,
        key_results.position,
        now_rows.date,
        key_results.title,
        key_results.title_texts,
        key_results.type,
        key_results.kpi_id,
        now_rows.kpi_kind,
        now_rows.is_signed,
        key_results.unit,
        key_results.better,
        key_results.owner,
        key_results.contributors,
        now_rows.evidence,
        key_results.evidence_target,
        key_results.evidence_of,
        key_results.team_id as team,
        key_results.period_id as period,
        key_results.period_start,
        key_results.period_end,
        key_results.runs_from,
        key_results.parent_id as parent,
        key_results.ambition,
        key_results.weight,
        now_rows.value,
        now_rows.baseline,
        now_rows.target,
        now_rows.low,
        now_rows.high,
        now_rows.progress,
        now_rows.score,
        now_rows.expected,
        now_rows.status,
        now_rows.reason_code,
        now_rows.projected,
        now_rows.hold,
        now_rows.limit_number,
        now_rows.value_met,
        now_rows.allowed_misses,
        now_rows.weeks_unit,
        now_rows.weeks_kept,
        now_rows.weeks_observed,
        now_rows.due,
        now_rows.weight_done,
        now_rows.weight_total,
        now_rows.day_no,
        now_rows.period_days,
        now_rows.success_line,
        now_rows.is_provisional,
        forecasts.forecast_low,
        forecasts.forecast,
        forecasts.forecast_high,
        forecasts.probability,
        now_rows.confidence,
        now_rows.last_check_in,
        now_rows.last_check_in_by,
        now_rows.last_check_in_note,
        now_rows.last_check_in_next,
        key_results.today between key_results.runs_from and key_results.period_end
        and {{ days_between(
            'coalesce(now_rows.last_check_in, key_results.runs_from)', 'key_results.today'
        ) }} > settings.check_in_stale_after_days as check_in_is_stale,
        now_rows.disagreement_code,
        now_rows.baseline_note_code,
        now_rows.baseline_start,
        now_rows.baseline_end,
        now_rows.baseline_kept,
        now_rows.baseline_now,
        now_rows.baseline_from,
        coalesce(key_results.shape = 'range' and now_rows.value > now_rows.high, false) as over_range,
        key_results.data_from,
        key_results.data_through,
        now_rows.stale_since,
        case
            when key_results.provisional_from <= key_results.last_day then key_results.provisional_from
        end as provisional_from,
        now_rows.plan_kpi_id,
        now_rows.plan_missing_from
    from key_results
    inner join now_rows
        on key_results.key_result_id = now_rows.key_result_id
    left join forecasts
        on now_rows.key_result_id = forecasts.key_result_id and now_rows.date = forecasts.date
    cross join settings
)

select * from final
