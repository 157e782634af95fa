{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed('key_result_id') }}",
    )
}}

-- The objective's own number, scored like a key result and shown beside, never mixed in: its last day.
with

key_results as (
    select * from {{ ref('int_key_result') }}
    where role = 'objective_measure'
),

changes as (
    select * from {{ ref('int_changed_key_result') }}
),

days as (
    select * from {{ ref('int_key_result_status') }}
    where role = 'objective_measure'
),

lines as (
    select * from {{ ref('int_target') }}
    where is_current
),

final as (
    select
        key_results.key_result_id,
        key_results.objective_id,
        key_results.type as measure_type,
        key_results.kpi_id as measure_kpi_id,
        days.value as measure_value,
        lines.baseline as measure_baseline,
        lines.target as measure_target,
        days.progress as measure_progress,
        days.score as measure_score
    from key_results
    inner join changes
        on key_results.key_result_id = changes.key_result_id
    inner join lines
        on key_results.key_result_id = lines.key_result_id
    left join days
        on key_results.key_result_id = days.key_result_id and key_results.last_day = days.date
)

select * from final
