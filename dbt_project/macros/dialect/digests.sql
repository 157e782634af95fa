{#
A digest of a group of rows that does not depend on their order: equal digests, equal rows. Only compared with digests
made by the same engine.
#}
{% macro digest_of_rows(columns) %}{{ return(adapter.dispatch('digest_of_rows')(columns)) }}{% endmacro %}

{% macro duckdb__digest_of_rows(columns) -%}
    cast(sum(hash({{ columns | join(', ') }})) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro default__digest_of_rows(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), 'null')") -%}
    {%- endfor -%}
    {%- set row_digest = dbt.hash(dbt.concat(texts)) -%}
    {{ dbt.hash(dbt.listagg(row_digest, "''", 'order by ' ~ row_digest)) }}
{%- endmacro %}

{# Spark passes over nulls: a value would do for its neighbour's. #}
{% macro spark__digest_of_rows(columns) -%}
    cast(
        sum(cast(xxhash64({% for column in columns %}{{ column }}, {{ column }} is null{{ ', ' if not loop.last }}{% endfor %}) as decimal(38, 0)))
        as {{ dbt.type_string() }}
    )
{%- endmacro %}
