{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_unpublished('closed_on') }}",
    )
}}

-- Campaigns are kept first: of a build that dies between the two nothing is closed without them.
-- depends_on: {{ ref('int_campaign_closed') }}
with

decided as (
    select * from {{ ref('int_closings_decided') }}
),

judged as (
    select * from {{ ref('int_closings_judged') }}
),

days as (
    select * from {{ ref('int_key_result_days_scored') }}
),

known as (
    select * from {{ ref('int_key_results_known') }}
),

key_results as (
    select * from {{ ref('stg_definitions__key_results') }}
),

objectives as (
    select * from {{ ref('stg_definitions__objectives') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

final as (
    select
        decided.key_result_id,
        judged.period_id,
        decided.closing,
        judged.today as closed_on,
        context.refresh_id,
        decided.origin,
        judged.objective_id,
        judged.position,
        judged.weight,
        judged.period_start,
        judged.period_end,
        key_results.title,
        key_results.title_texts,
        key_results.type,
        key_results.kpi_id,
        key_results.unit,
        coalesce(key_results.owner, objectives.owner) as owner,
        objectives.team_id,
        objectives.ambition,
        case
            when decided.origin = 'reported' then decided.reported_value
            when decided.origin = 'reopened' then known.value
            when judged.is_whole then days.value
        end as value,
        case when not judged.is_whole then days.value end as value_so_far,
        judged.waits_for,
        days.baseline,
        days.target,
        days.low,
        days.high,
        case
            when decided.origin = 'reopened' then known.progress
            when judged.is_whole then days.progress
        end as progress,
        case
            when decided.origin = 'reported' then decided.reported_score
            when decided.origin = 'reopened' then known.score
            when judged.is_whole then days.score
        end as score,
        case
            when decided.origin = 'reported' then decided.reported_status
            when decided.origin = 'reopened' then known.status
            when judged.is_whole then days.status
            else 'no_data'
        end as status,
        case
            when decided.origin = 'reopened' then known.reason_code
            when judged.is_whole then days.reason_code
            else 'source_never_came'
        end as reason_code,
        key_results.definition,
        key_results.definition_signature,
        key_results.signature,
        kpis.definition as kpi_definition,
        kpis.signature as kpi_signature,
        decided.reopened_on,
        decided.reopened_by,
        decided.reopen_reason
    from decided
    inner join judged
        on decided.key_result_id = judged.key_result_id
    inner join key_results
        on decided.key_result_id = key_results.key_result_id
    inner join objectives
        on key_results.objective_id = objectives.objective_id
    cross join context
    left join kpis
        on key_results.kpi_id = kpis.kpi_id
    left join days
        on decided.key_result_id = days.key_result_id and judged.last_day = days.date
    left join known
        on decided.key_result_id = known.key_result_id
)

select * from final
