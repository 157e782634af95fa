{{ config(materialized='table') }}

with

days as (
    select * from {{ ref('int_objective_days_spined') }}
),

objectives as (
    select * from {{ ref('int_objectives_dated') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

-- The weakest key result is the one that is furthest behind what is expected of it.
ranked as (
    select
        *,
        row_number() over (
            partition by objective_id, date
            order by
                case when score is null then 1 else 0 end, {{ share_of_expected('score') }}, score, position, key_result_id
        ) as weakest_first
    from days
),

summed as (
    select
        objective_id,
        date,
        max(elapsed) as elapsed,
        max(case when weakest_first = 1 and score is not null then key_result_id end) as weakest_key_result_id,
        {{ stable_sum('weight * score') }} as weighted_score,
        {{ stable_sum('case when score is not null then weight * expected end') }} as weighted_expected,
        {{ stable_sum('case when score is not null then weight end') }} as weight_with_data,
        {{ stable_sum('weight') }} as weight_total,
        {{ any_row('is_last_day') }} and not {{ any_row('is_behind and score is not null') }} as is_final_day
    from ranked
    group by objective_id, date
),

averaged as (
    select
        summed.*,
        {{ quotient('summed.weighted_score', 'summed.weight_with_data') }} as score,
        {{ quotient('summed.weighted_score', 'summed.weight_with_data') }} as progress,
        {{ quotient('summed.weighted_expected', 'summed.weight_with_data') }} as expected,
        {{ quotient('coalesce(summed.weight_with_data, 0)', 'summed.weight_total') }} as coverage,
        settings.status_on_track,
        settings.status_at_risk,
        settings.grace,
        {{ success_line('objectives.ambition') }} as success_line
    from summed
    inner join objectives
        on summed.objective_id = objectives.objective_id
    cross join settings
),

final as (
    select
        objective_id,
        date,
        score,
        expected,
        {{ status() }} as status,
        coverage,
        weakest_key_result_id
    from averaged
)

select * from final
