{% macro words_increase() -%}
    {{ return({
        'flow': {
            'en': '{value} of {target}',
            'es': '{value} de {target}',
        },
        'other': {
            'en': 'from {baseline} to {target}, now {value}',
            'es': 'de {baseline} a {target}, ahora {value}',
        },
    }) }}
{%- endmacro %}
