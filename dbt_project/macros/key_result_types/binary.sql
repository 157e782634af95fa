{% macro words_binary() -%}
    {{ return({
        'other': {
            'en': 'as the last check-in says',
            'es': 'según el último seguimiento',
        },
    }) }}
{%- endmacro %}
