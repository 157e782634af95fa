{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

-- Where the plan of each version of a target stood on each day, as its rows were on the day of that version: what was
-- expected stays, whichever rows are changed later. Only the past holds these rows.
with

versions as (
    select * from {{ ref('int_target_version') }}
),

plans as (
    select * from {{ ref('int_pace_days_expected') }}
    where plan_amount is not null
),

newest as (
    select
        key_result_id,
        max(version) as version
    from versions
    group by key_result_id
),

{% if is_incremental() -%}
kept as (
    select distinct
        key_result_id,
        version
    from {{ this }}
),

{% endif -%}
final as (
    select
        versions.key_result_id,
        versions.version,
        versions.valid_from,
        plans.date,
        plans.plan_amount,
        plans.baseline_weight
    from versions
    inner join newest
        on versions.key_result_id = newest.key_result_id and versions.version = newest.version
    inner join plans
        on versions.key_result_id = plans.key_result_id
    {% if is_incremental() -%}
    left join kept
        on versions.key_result_id = kept.key_result_id and versions.version = kept.version
    {% endif -%}
    where
        versions.plan_kpi_id is not null
        and versions.target is not null
        {% if is_incremental() -%}
        and kept.key_result_id is null
        {%- endif %}
)

select * from final
