with

compared as (
    select * from {{ ref('int_closings_compared') }}
),

final as (
    select
        key_result_id,
        period_id as period,
        closing,
        objective_id,
        title,
        title_texts,
        type,
        kpi_id,
        unit,
        owner,
        team_id as team,
        weight,
        value,
        score,
        status,
        closed_on,
        value_now,
        score_now,
        status_now,
        changed_because,
        row_number() over (partition by key_result_id, period_id order by closing desc) = 1 as is_last,
        origin,
        value_so_far,
        waits_for,
        baseline,
        target,
        low,
        high,
        progress,
        reason_code,
        definition,
        kpi_definition,
        reopened_on,
        reopened_by,
        reopen_reason
    from compared
)

select * from final
