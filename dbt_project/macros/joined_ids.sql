{# Ids of a hierarchy as one: channel/account/campaign. #}
{% macro joined_ids(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append(column) -%}
        {%- if not loop.last -%}{%- do parts.append("'/'") -%}{%- endif -%}
    {%- endfor -%}
    {{ dbt.concat(parts) if parts | length > 1 else parts[0] }}
{%- endmacro %}
