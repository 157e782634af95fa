with

judged as (
    select * from {{ ref('int_key_result_days_scored') }}
    where role = 'key_result' and date <= period_end
),

forecasts as (
    select * from {{ ref('int_key_result_days_forecast') }}
),

final as (
    select
        judged.key_result_id,
        judged.date,
        judged.value,
        judged.baseline,
        judged.target,
        judged.progress,
        judged.score,
        judged.expected,
        judged.status,
        judged.reason_code,
        judged.type,
        judged.kpi_kind,
        judged.low,
        judged.high,
        judged.projected,
        judged.hold,
        judged.limit_number,
        judged.value_met,
        judged.allowed_misses,
        judged.weeks_unit,
        judged.weeks_kept,
        judged.weeks_observed,
        judged.confidence,
        judged.due,
        judged.weight_done,
        judged.weight_total,
        judged.day_no,
        judged.period_days,
        judged.success_line,
        judged.is_provisional,
        forecasts.forecast_low,
        forecasts.forecast,
        forecasts.forecast_high,
        forecasts.probability,
        judged.plan_kpi_id,
        judged.plan_missing_from
    from judged
    left join forecasts
        on judged.key_result_id = forecasts.key_result_id and judged.date = forecasts.date
)

select * from final
