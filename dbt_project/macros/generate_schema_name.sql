{# Schemas are called staging, intermediate and marts, without the target's name before them; a workspace's own is models. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if node.package_name == 'workspace' -%}
        models
    {%- else -%}
        {{ custom_schema_name | trim if custom_schema_name else target.schema }}
    {%- endif -%}
{%- endmacro %}
