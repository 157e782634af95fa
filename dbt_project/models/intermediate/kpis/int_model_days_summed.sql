{{ config(materialized='table') }}

{# What a KPI names (model, columns) is part of the text of this model; what its conditions compare with is data. #}
{%- set kpis = var('model_kpis') -%}
{%- set failures = ref('stg_ops__model_failures') -%}
{%- set failed = run_query('select model from ' ~ failures).columns[0].values() if execute and kpis else [] -%}
{%- set read = [] -%}
{%- for kpi in kpis if kpi.model not in failed -%}{%- do read.append(kpi) -%}{%- endfor -%}
-- Of a model that could not be built what it said last stays.
with

{% if read -%}
conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

{% endif -%}
defined as (
    select * from {{ ref('stg_definitions__kpis') }}
    where model is not null
),

said as (
    {% for kpi in read -%}
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
    {% if execute and kpis | length > read | length and load_cached_relation(this) -%}
    select
        kpi_id,
        model,
        measure,
        date,
        value
    from {{ this }}
    where kpi_id not in ('{{ read | map(attribute="kpi_id") | join("', '") }}')
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
        said.kpi_id,
        said.model,
        said.measure,
        said.date,
        sum(said.value) as value
    from said
    inner join defined
        on said.kpi_id = defined.kpi_id and said.model = defined.model
    where said.value is not null
    group by said.kpi_id, said.model, said.measure, said.date
)

select * from final
