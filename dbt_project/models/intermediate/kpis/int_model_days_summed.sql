{{ config(materialized='table') }}

{# What a KPI names (model, columns) is part of the text of this model; what its conditions compare with is data. #}
{%- set kpis = var('model_kpis') -%}
{%- set failures = ref('stg_ops__model_failures') -%}
{%- set failed = run_query('select model from ' ~ failures).columns[0].values() if execute and kpis else [] -%}
{%- set found = [] -%}
{%- for kpi in kpis if kpi.model not in failed -%}{%- do found.append(kpi) -%}{%- endfor -%}
-- Of a model that could not be built its last rows stay.
with

{% if found -%}
conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

{% endif -%}
defined as (
    select * from {{ ref('stg_definitions__kpis') }}
    where model is not null
),

model_days as (
    {% for kpi in found -%}
    {% for column in kpi.columns -%}
    select
        '{{ kpi.kpi_id }}' as kpi_id,
        '{{ kpi.model }}' as model,
        '{{ kpi.kpi_id }}.{{ column }}' as measure,
        cast({{ adapter.quote(kpi.date) }} as date) as date,
        {{ to_amount(adapter.quote(column)) }} as value
    from {{ ref('workspace', kpi.model) }}
    where
        {{ adapter.quote(kpi.date) }} is not null
        {% for condition in kpi.conditions -%}
        and {{ model_condition(kpi.kpi_id, condition) }}
        {% endfor %}
    union all
    {% endfor -%}
    {% endfor -%}
    {% if execute and kpis | length > found | length and load_cached_relation(this) -%}
    select
        kpi_id,
        model,
        measure,
        date,
        value
    from {{ this }}
    where kpi_id not in ('{{ found | map(attribute="kpi_id") | join("', '") }}')
    union all
    {% endif -%}
    select
        kpi_id,
        model,
        '' as measure,
        cast(null as date) as date,
        {{ to_amount('null') }} as value
    from defined
    where false
),

final as (
    select
        model_days.kpi_id,
        model_days.model,
        model_days.measure,
        model_days.date,
        sum(model_days.value) as value
    from model_days
    inner join defined
        on model_days.kpi_id = defined.kpi_id and model_days.model = defined.model
    where model_days.value is not null
    group by model_days.kpi_id, model_days.model, model_days.measure, model_days.date
)

select * from final
