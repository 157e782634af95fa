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
