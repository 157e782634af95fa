{# Windows by name: a WINDOW clause cannot be said in every dialect. All rows of a group up to and with this one. #}
{% macro so_far(group, day='date') -%}
    partition by {{ group }} order by {{ day }} rows between unbounded preceding and current row
{%- endmacro %}
