{# Whether a name is one of a text of names with commas between. #}
{% macro is_listed(name, names) -%}
    {{ dbt.position(dbt.concat(["','", name, "','"]), dbt.concat(["','", names, "','"])) }} > 0
{%- endmacro %}
