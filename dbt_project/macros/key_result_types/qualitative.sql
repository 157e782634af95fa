{# The last grade, 0..1; null before any. #}
{% macro progress_qualitative() -%}
    value
{%- endmacro %}

{% macro words_qualitative() -%}
    {{ return({
        'other': {
            'en': 'grade {value}',
            'es': 'nota {value}',
        },
    }) }}
{%- endmacro %}
