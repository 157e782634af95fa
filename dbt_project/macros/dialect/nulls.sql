{# The last value that is there, up to and with this row. #}
{% macro last_known(column, group, order) %}
    {{- return(adapter.dispatch('last_known')(column, group, order)) -}}
{% endmacro %}

{% macro default__last_known(column, group, order) -%}
    last_value({{ column }} ignore nulls) over ({{ so_far(group, order) }})
{%- endmacro %}

{% macro spark__last_known(column, group, order) -%}
    last_value({{ column }}, true) over ({{ so_far(group, order) }})
{%- endmacro %}
