with

final as (
    select
        objective_id,
        date,
        score,
        expected,
        status,
        coverage,
        weakest_key_result_id
    from {{ ref('int_objective_days_scored') }}
)

select * from final
