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
