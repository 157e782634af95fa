{#
dbt asks the database twice, for the types of the query and for those of the .yml. The latter are written as DuckDB
writes them, so one question is enough.
#}
{% macro duckdb__get_assert_columns_equivalent(sql) -%}
    {%- set found = [] -%}
    {%- for column in get_column_schema_from_query(sql) -%}
        {%- do found.append({'name': column.name, 'data_type': column.dtype,
            'formatted': column.name | lower ~ ' ' ~ column.dtype | lower | replace(' ', '')}) -%}
    {%- endfor -%}
    {%- set declared = [] -%}
    {%- for column in model['columns'].values() -%}
        {%- do declared.append({'name': column.name, 'data_type': column.data_type,
            'formatted': column.name | lower ~ ' ' ~ column.data_type | lower | replace(' ', '')}) -%}
    {%- endfor -%}
    {%- if found | map(attribute='formatted') | sort != declared | map(attribute='formatted') | sort -%}
        {%- do exceptions.raise_contract_error(declared, found) -%}
    {%- endif -%}
{%- endmacro %}

{# DuckLake has no keys: what one would promise is asked of the rows, in the transaction that wrote them. #}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- if not adapter.is_ducklake(this) -%}{{ return(table_columns_and_constraints()) }}{%- endif -%}
    {%- set key = primary_key_columns() -%}
    (
    {%- for column in model.columns.values() %}
    {{ adapter.quote(column.name) }} {{ column.data_type }}{{ ' not null' if column.name in key }}{{ ', ' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}

{% macro assert_key_holds(relation) -%}
    {%- set key = primary_key_columns() -%}
    {%- if key and adapter.is_ducklake(relation) %}
    select error('two rows of {{ relation.schema }}.{{ relation.identifier }} have the same {{ key | join(", ") }}')
    from (select 1 from {{ relation }} group by {{ key | join(', ') }} having count(*) > 1 limit 1);
    {%- endif -%}
{%- endmacro %}

{% macro primary_key_columns() -%}
    {{ return(model.constraints | selectattr('type', 'equalto', 'primary_key') | map(attribute='columns') | first | default([])) }}
{%- endmacro %}
