with

source as (
    select * from {{ source('definitions', 'key_results') }}
),

final as (
    select
        key_result_id,
        role,
        objective_id,
        position,
        title,
        title_texts,
        owner,
        contributors,
        evidence_target,
        evidence_of,
        type,
        kpi_id,
        unit,
        target,
        plan_kpi_id,
        change,
        low,
        high,
        baseline_kind,
        baseline_value,
        baseline_start,
        baseline_end,
        hold,
        allowed_misses,
        due,
        starts,
        least_coverage,
        weight,
        pace_kind,
        last_year_start,
        last_year_end,
        signature,
        definition,
        definition_signature,
        change_reason,
        changed_by,
        changed_at
    from source
)

select * from final
