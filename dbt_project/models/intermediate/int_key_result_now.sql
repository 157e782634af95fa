{{ config(materialized='table') }}

-- The last day's row of each key result; one that has no day yet is scheduled or without data.
with

key_results as (
    select * from {{ ref('int_key_result') }}
    where role = 'key_result'
),

days as (
    select * from {{ ref('fct_key_result_daily') }}
),

lines as (
    select * from {{ ref('int_target') }}
    where is_current
),

final as (
    select
        key_results.key_result_id,
        coalesce(days.date, key_results.today) as date,
        days.value,
        coalesce(days.baseline, lines.baseline) as baseline,
        coalesce(days.target, lines.target) as target,
        lines.low,
        lines.high,
        lines.kpi_kind,
        lines.is_restated,
        lines.baseline_kept,
        lines.baseline_now,
        days.progress,
        days.score,
        days.expected,
        case
            when days.status is not null then days.status
            when key_results.today < key_results.period_start then 'scheduled'
            else 'no_data'
        end as status,
        case
            when days.reason_code is not null then days.reason_code
            when key_results.today < key_results.period_start then 'scheduled'
            else 'no_source'
        end as reason_code,
        days.projected,
        days.weeks_kept,
        days.weeks_observed,
        days.weight_done,
        days.weight_total,
        days.day_no,
        key_results.period_days,
        days.success_line,
        coalesce(days.is_provisional, true) as is_provisional,
        days.forecast_low,
        days.forecast,
        days.forecast_high,
        days.probability
    from key_results
    inner join lines
        on key_results.key_result_id = lines.key_result_id
    left join days
        on key_results.key_result_id = days.key_result_id and key_results.last_day = days.date
)

select * from final
