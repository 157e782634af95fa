with

objectives as (
    select * from {{ ref('int_objectives_dated') }}
),

now_rows as (
    select * from {{ ref('int_objectives_current') }}
),

final as (
    select
        objectives.objective_id,
        objectives.position,
        now_rows.date,
        objectives.title,
        objectives.title_texts,
        objectives.description,
        objectives.owner,
        objectives.team_id as team,
        objectives.team_title,
        objectives.period_id as period,
        objectives.period_start,
        objectives.period_end,
        objectives.parent_id as parent,
        objectives.ambition,
        objectives.approved_by,
        objectives.approved_on,
        now_rows.score,
        now_rows.expected,
        now_rows.status,
        now_rows.reason_code,
        now_rows.day_no,
        now_rows.period_days,
        now_rows.success_line,
        now_rows.coverage,
        now_rows.weakest_key_result_id,
        now_rows.confidence,
        now_rows.last_check_in,
        now_rows.data_through,
        now_rows.stale_since,
        now_rows.measure_type,
        now_rows.measure_kpi_id,
        now_rows.measure_value,
        now_rows.measure_baseline,
        now_rows.measure_target,
        now_rows.measure_progress,
        now_rows.measure_score,
        now_rows.score_compared
    from objectives
    inner join now_rows
        on objectives.objective_id = now_rows.objective_id
)

select * from final
