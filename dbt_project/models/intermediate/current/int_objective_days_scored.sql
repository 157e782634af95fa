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

limited as (
    select
        days.*,
        settings.status_at_risk
    from days
    cross join settings
),

-- The weakest key result is the one that is furthest behind what is expected of it.
ranked as (
    select
        *,
        case when score is not null and expected is not null then weight end as weight_compared,
        row_number() over (
            partition by objective_id, date
            order by
                case when coalesce(status, 'no_data') = 'no_data' then 1 else 0 end,
                {{ share_reached() }},
                coalesce(score, 0),
                position,
                key_result_id
        ) as weakest_first
    from limited
),

summed as (
    select
        objective_id,
        date,
        max(elapsed) as elapsed,
        max(case when weakest_first = 1 and status <> 'no_data' then key_result_id end) as weakest_key_result_id,
        max(case when weakest_first = 1 then status end) as weakest_status,
        {{ stable_sum('weight * score') }} as weighted_score,
        {{ stable_sum('weight_compared * score') }} as compared_score,
        {{ stable_sum('weight_compared * expected') }} as compared_expected,
        {{ stable_sum('weight_compared') }} as weight_compared,
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
        {{ quotient('summed.compared_score', 'summed.weight_compared') }} as progress,
        {{ quotient('summed.compared_expected', 'summed.weight_compared') }} as expected,
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
        progress as score_compared,
        expected,
        -- Without a pace to compare with it stands where its weakest key result does.
        case
            when expected is null and (score is null or not is_final_day) then coalesce(weakest_status, 'no_data')
            else {{ status() }}
        end as status,
        coverage,
        weakest_key_result_id
    from averaged
)

select * from final
