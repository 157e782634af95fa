{% macro words_count_range() -%}
    {{ return({
        'flow': {
            'en': '{value} of {low} to {high}',
            'es': '{value} de {low} a {high}',
        },
        'other': {
            'en': '{value} of {low} to {high}',
            'es': '{value} de {low} a {high}',
        },
    }) }}
{%- endmacro %}
