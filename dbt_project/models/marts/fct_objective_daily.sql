{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed('objective_id') }}",
    )
}}

with

days as (
    select * from {{ ref('int_objective_key_result_day') }}
),

weakest as (
    select * from {{ ref('int_objective_weakest') }}
),

objectives as (
    select * from {{ ref('stg_definitions__objectives') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

summed as (
    select
        objective_id,
        date,
        max(elapsed) as elapsed,
        {{ stable_sum('weight * score') }} as weighted_score,
        {{ stable_sum('case when score is not null then weight * expected end') }} as weighted_expected,
        {{ stable_sum('case when score is not null then weight end') }} as weight_with_data,
        {{ stable_sum('weight') }} as weight_total,
        {{ any_row('is_last_day') }} and not {{ any_row('is_behind and score is not null') }} as is_final_day
    from days
    group by objective_id, date
),

averaged as (
    select
        summed.objective_id,
        summed.date,
        summed.elapsed,
        summed.is_final_day,
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
        averaged.objective_id,
        averaged.date,
        averaged.score,
        averaged.expected,
        {{ status() }} as status,
        averaged.coverage,
        weakest.weakest_key_result_id
    from averaged
    left join weakest
        on averaged.objective_id = weakest.objective_id and averaged.date = weakest.date
)

select * from final
