{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

-- What fixes a target, as it was defined on each day, or as its plan's rows were: a changed target counts from its day,
-- the days before keep the old one. Only the past holds these rows, so no full refresh may drop them.
with

key_results as (
    select * from {{ ref('stg_definitions__key_results') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

objectives as (
    select * from {{ ref('stg_definitions__objectives') }}
),

periods as (
    select * from {{ ref('stg_definitions__periods') }}
),

plans as (
    {{ plans_summed() }}
),

{% if is_incremental() -%}
newest as (
    select
        *,{{ version_columns_of_later() }}
        row_number() over (partition by key_result_id order by version desc) as newest_first
    from {{ this }}
),

{% endif -%}
final as (
    select
        key_results.key_result_id,
        {{ 'coalesce(newest.version, 0) + 1' if is_incremental() else '1' }} as version,
        context.today as valid_from,
        context.refresh_id,
        key_results.signature,
        key_results.type,
        key_results.kpi_id,
        coalesce(kpis.kind, 'check_in') as kpi_kind,
        case
            when key_results.plan_kpi_id is null then key_results.target
            when plans.missing_from is null then plans.total
        end as target,
        key_results.change,
        key_results.low,
        key_results.high,
        key_results.baseline_kind,
        key_results.baseline_value,
        key_results.baseline_start,
        key_results.baseline_end,
        objectives.period_id,
        key_results.changed_by,
        key_results.changed_at,
        key_results.change_reason,
        key_results.plan_kpi_id,
        plans.digest as plan_digest,
        plans.missing_from as plan_missing_from,
        periods.start_date as period_start,
        periods.end_date as period_end
    from key_results
    cross join context
    inner join objectives
        on key_results.objective_id = objectives.objective_id
    inner join periods
        on objectives.period_id = periods.period_id
    left join kpis
        on key_results.kpi_id = kpis.kpi_id
    left join plans
        on key_results.key_result_id = plans.key_result_id
    {% if is_incremental() -%}
    left join newest
        on
            key_results.key_result_id = newest.key_result_id
            and newest.newest_first = 1
    where
        newest.version is null
        or (newest.signature <> key_results.signature and not {{ keeps_its_baseline() }})
        or coalesce(newest.plan_digest, '') <> coalesce(plans.digest, '')
    {%- endif %}
)

select * from final
