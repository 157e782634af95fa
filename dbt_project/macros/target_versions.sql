{#
Whether all that a definition changed is which period comes before its own, by a period that was listed or is no longer:
a target that was fixed by then stays with its baseline. Compares `newest`, the last version, with `key_results`.
#}
{% macro keeps_its_baseline() -%}
    {#- Not a ref(): what earlier builds fixed is read, and this one fixes after its versions. -#}
    {%- set fixed = adapter.get_relation(this.database, this.schema, 'int_resolved_target') if execute else none -%}
    {%- if fixed %}
    (
        key_results.baseline_kind = 'previous_period'
        and newest.period_id = objectives.period_id
        and coalesce(newest.period_start, periods.start_date) = periods.start_date
        and coalesce(newest.period_end, periods.end_date) = periods.end_date
        {%- for column in ['type', 'kpi_id', 'target', 'change', 'low', 'high', 'baseline_kind', 'plan_kpi_id'] %}
        and (newest.{{ column }} = {{ 'key_results.' ~ column }}
            or (newest.{{ column }} is null and key_results.{{ column }} is null))
        {%- endfor %}
        and exists (
            select 1 from {{ fixed }} as fixed
            where fixed.key_result_id = newest.key_result_id and fixed.signature = newest.signature
        )
    )
    {%- else %}
    (1 = 0)
    {%- endif %}
{%- endmacro %}

{# Columns that versions kept by an older release have not: what they say is unknown. #}
{% macro version_columns_of_later() -%}
    {%- set types = {
        'plan_kpi_id': dbt.type_string(), 'plan_digest': dbt.type_string(), 'period_start': 'date', 'period_end': 'date'
    } -%}
    {%- set kept = adapter.get_columns_in_relation(this) | map(attribute='name') | list if execute else [] -%}
    {%- for name, type in types.items() if name not in kept %}
        cast(null as {{ type }}) as {{ name }},
    {%- endfor %}
{%- endmacro %}
