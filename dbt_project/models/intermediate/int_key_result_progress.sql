with

measured as (
    select * from {{ ref('int_key_result_measured') }}
),

-- The period's total if the rate so far goes on.
projected as (
    select
        *,
        case when kpi_kind = 'flow' then {{ quotient('value', 'elapsed') }} end as projected
    from measured
),

computed as (
    select
        *,
        {{ progress() }} as raw_progress
    from projected
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
        is_held,
        day_no,
        elapsed,
        is_provisional,
        is_final_day,
        lacks_rate,
        projected,
        weeks_kept,
        weeks_observed,
        weight_done,
        weight_total,
        progress,
        {{ clamp_share('progress') }} as score
    from checked
)

select * from final
