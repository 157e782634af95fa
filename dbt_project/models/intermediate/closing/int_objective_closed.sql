{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_unpublished('closed_on') }}",
    )
}}

-- An objective closes with the last of its key results, and anew only when one of them was reopened.
with

objectives as (
    select * from {{ ref('int_objectives_dated') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

judged as (
    select * from {{ ref('int_closings_judged') }}
),

closings as (
    select
        *,
        row_number() over (partition by key_result_id, period_id order by closing desc) as newest_first,
        sum(case when closing > 1 then 1 else 0 end) over (partition by objective_id, period_id) as reopenings
    from {{ ref('int_key_result_closed') }}
),

together as (
    select
        judged.objective_id,
        judged.period_id,
        max(closings.reopenings) as reopenings,
        {{ stable_sum('closings.weight * closings.score') }} as weighted_score,
        {{ stable_sum('case when closings.score is not null then closings.weight end') }} as weight_with_data,
        {{ stable_sum('closings.weight') }} as weight_total
    from judged
    left join closings
        on
            judged.key_result_id = closings.key_result_id
            and judged.period_id = closings.period_id
            and closings.newest_first = 1
    group by judged.objective_id, judged.period_id
    having count(*) = count(closings.key_result_id)
),

scored as (
    select
        together.*,
        {{ quotient('together.weighted_score', 'together.weight_with_data') }} as score,
        {{ quotient('coalesce(together.weight_with_data, 0)', 'together.weight_total') }} as coverage
    from together
),

{% if is_incremental() -%}
kept as (
    select
        objective_id,
        period_id,
        max(closing) as closing,
        max(reopenings) as reopenings
    from {{ this }}
    group by objective_id, period_id
),

{% endif -%}
final as (
    select
        scored.objective_id,
        scored.period_id,
        cast({{ 'coalesce(kept.closing, 0) + 1' if is_incremental() else '1' }} as {{ dbt.type_bigint() }}) as closing,
        context.today as closed_on,
        context.refresh_id,
        scored.reopenings,
        objectives.position,
        objectives.title,
        objectives.title_texts,
        objectives.owner,
        objectives.team_id,
        objectives.ambition,
        objectives.period_end,
        scored.score,
        scored.coverage,
        case
            when scored.score is null then 'no_data'
            when scored.score >= {{ success_line('objectives.ambition') }} - 1e-9 then 'achieved'
            else 'missed'
        end as status
    from scored
    inner join objectives
        on scored.objective_id = objectives.objective_id
    cross join settings
    cross join context
    {% if is_incremental() -%}
    left join kept
        on scored.objective_id = kept.objective_id and scored.period_id = kept.period_id
    where kept.objective_id is null or scored.reopenings > kept.reopenings
    {%- endif %}
)

select * from final
