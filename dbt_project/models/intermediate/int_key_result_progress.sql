with

measured as (
    select * from {{ ref('int_key_result_measured') }}
),

computed as (
    select
        *,
        {{ progress() }} as raw_progress
    from measured
),

checked as (
    select
        *,
        {{ finite('raw_progress') }} as progress
    from computed
),

final as (
    select
        key_result_id,
        date,
        type,
        kpi_id,
        kpi_kind,
        value,
        baseline,
        target,
        low,
        high,
        day_no,
        elapsed,
        is_provisional,
        is_final_day,
        lacks_rate,
        weeks_within,
        weeks_observed,
        weight_done,
        weight_total,
        progress,
        {{ clamp_share('progress') }} as score
    from checked
)

select * from final
