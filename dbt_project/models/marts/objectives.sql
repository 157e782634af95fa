with

objectives as (
    select * from {{ ref('int_objective') }}
),

now_rows as (
    select * from {{ ref('int_objective_now') }}
),

voices as (
    select * from {{ ref('int_objective_voice') }}
),

measures as (
    select * from {{ ref('int_objective_measure') }}
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
        voices.confidence,
        voices.last_check_in,
        voices.data_through,
        voices.stale_since,
        measures.measure_type,
        measures.measure_kpi_id,
        measures.measure_value,
        measures.measure_baseline,
        measures.measure_target,
        measures.measure_progress,
        measures.measure_score
    from objectives
    inner join now_rows
        on objectives.objective_id = now_rows.objective_id
    left join voices
        on objectives.objective_id = voices.objective_id
    left join measures
        on objectives.objective_id = measures.objective_id
)

select * from final
