{# dbt's own leaves out the order. Every order here is that of the texts themselves. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    array_join(array_sort(collect_list({{ measure }})), {{ delimiter_text }})
{%- endmacro %}
