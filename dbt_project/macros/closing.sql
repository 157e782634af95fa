{# Whether two numbers or words differ; null differs from what is known. Numbers count by nine digits. #}
{% macro differs(one, other, numbers=true) -%}
    ({{ one }} is null) <> ({{ other }} is null)
    or coalesce(
        {%- if numbers %}
        abs({{ one }} - {{ other }}) > 1e-9 * (1 + abs({{ one }}))
        {%- else %}
        {{ one }} <> {{ other }}
        {%- endif %}, false
    )
{%- endmacro %}

{#
The rows of a history as earlier builds left them, published or not; `columns` with their types, for where there is none
yet. Not a ref(): it is read before this build adds to it.
#}
{% macro kept_before(name, columns, schema=none) -%}
    {%- set kept = adapter.get_relation(this.database, schema or this.schema, name) if execute else none -%}
    {%- if kept %}
    select {{ columns | join(', ') }} from {{ kept }}
    {%- else %}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endif %}
{%- endmacro %}
