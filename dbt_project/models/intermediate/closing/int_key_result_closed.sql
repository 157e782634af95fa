{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_unpublished('closed_on') }}",
    )
}}

with

judged as (
    select * from {{ ref('int_closings_judged') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
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

reopenings as (
    select
        key_result_id,
        reopened_on,
        max(reopened_by) as reopened_by,
        max(reason) as reason
    from {{ ref('stg_definitions__reopenings') }}
    group by key_result_id, reopened_on
),

known as (
    select * from {{ ref('int_key_results_known') }}
),

kept as (
    {% if is_incremental() -%}
    select
        key_result_id,
        period_id,
        max(closing) as closing,
        max(closed_on) as closed_on,
        max(reopened_on) as reopened_on
    from {{ this }}
    group by key_result_id, period_id
    {%- else -%}
    select
        key_result_id,
        period_id,
        1 as closing,
        today as closed_on,
        cast(null as date) as reopened_on
    from judged
    where false
    {%- endif %}
),

-- An upgrade, or a closing that was lost: the last report of a day on which it had to be closed is what people saw.
reported as (
    select
        judged.key_result_id,
        reported.value,
        reported.score,
        reported.status,
        row_number() over (partition by judged.key_result_id order by reported.reported_on desc) as newest_first
    from judged
    inner join {{ ref('fct_key_result_reported') }} as reported
        on
            judged.key_result_id = reported.key_result_id
            and judged.period_end = reported.date
            and judged.closes_from <= reported.reported_on
            and judged.today > reported.reported_on
),

closings as (
    select
        judged.key_result_id,
        1 as closing,
        case when reported.key_result_id is null then 'refresh' else 'reported' end as origin,
        case when reported.key_result_id is null then judged.value else reported.value end as value,
        case when reported.key_result_id is null then judged.score else reported.score end as score,
        case when reported.key_result_id is null then judged.status else reported.status end as status,
        judged.progress,
        judged.reason_code,
        cast(null as date) as reopened_on,
        cast(null as {{ dbt.type_string() }}) as reopened_by,
        cast(null as {{ dbt.type_string() }}) as reopen_reason
    from judged
    left join reported
        on judged.key_result_id = reported.key_result_id and reported.newest_first = 1
    left join kept
        on judged.key_result_id = kept.key_result_id and judged.period_id = kept.period_id
    where judged.is_closing and kept.key_result_id is null

    union all

    select
        judged.key_result_id,
        kept.closing + row_number() over (partition by judged.key_result_id order by reopenings.reopened_on) as closing,
        'reopened' as origin,
        known.value,
        known.score,
        known.status,
        known.progress,
        known.reason_code,
        reopenings.reopened_on,
        reopenings.reopened_by,
        reopenings.reason as reopen_reason
    from judged
    inner join kept
        on judged.key_result_id = kept.key_result_id and judged.period_id = kept.period_id
    inner join reopenings
        on
            judged.key_result_id = reopenings.key_result_id
            and reopenings.reopened_on >= kept.closed_on
            and reopenings.reopened_on <= judged.today
            and (reopenings.reopened_on > kept.reopened_on or kept.reopened_on is null)
    inner join known
        on judged.key_result_id = known.key_result_id
    where judged.is_closing
),

final as (
    select
        closings.key_result_id,
        judged.period_id,
        cast(closings.closing as {{ dbt.type_bigint() }}) as closing,
        judged.today as closed_on,
        context.refresh_id,
        closings.origin,
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
        closings.value,
        judged.value_so_far,
        judged.waits_for,
        judged.baseline,
        judged.target,
        judged.low,
        judged.high,
        closings.progress,
        closings.score,
        closings.status,
        closings.reason_code,
        key_results.definition,
        key_results.definition_signature,
        key_results.signature,
        kpis.definition as kpi_definition,
        kpis.signature as kpi_signature,
        closings.reopened_on,
        closings.reopened_by,
        closings.reopen_reason
    from closings
    inner join judged
        on closings.key_result_id = judged.key_result_id
    inner join key_results
        on closings.key_result_id = key_results.key_result_id
    inner join objectives
        on judged.objective_id = objectives.objective_id
    cross join context
    left join kpis
        on key_results.kpi_id = kpis.kpi_id
)

select * from final
