{# One condition of a KPI on a column of a model of the workspace. What it compares with is data. #}
{% macro model_condition(kpi_id, condition) -%}
    {%- set text = "coalesce(cast(" ~ adapter.quote(condition.column) ~ " as " ~ dbt.type_string() ~ "), '')" -%}
    {%- set values -%}
        from conditions where conditions.kpi_id = '{{ kpi_id }}' and conditions.condition_no = {{ condition.number }}
    {%- endset -%}
    {%- if condition.operator in ('in', 'not_in') -%}
        {{ text }} {{ 'not ' if condition.operator == 'not_in' }}in (select conditions.value {{ values }})
    {%- else -%}
        {{ 'not ' if condition.operator == 'not_like' }}exists (
            select 1 {{ values }} and {{ text }} like {{ like_pattern('conditions.value') }}
        )
    {%- endif -%}
{%- endmacro %}
