{# 1 or 0 as the last check-in says; null before any. #}
{% macro progress_binary() -%}
    value
{%- endmacro %}

{% macro words_binary() -%}
    {{ return({
        'other': {
            'en': 'as the last check-in says',
            'es': 'según el último seguimiento',
        },
    }) }}
{%- endmacro %}
