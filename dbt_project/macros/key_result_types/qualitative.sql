{% macro words_qualitative() -%}
    {{ return({
        'other': {
            'en': 'grade {value}',
            'es': 'nota {value}',
        },
    }) }}
{%- endmacro %}
