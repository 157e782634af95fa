{% macro words_decrease() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, from {baseline} to {target}',
            'es': 'camino de {projected}, de {baseline} a {target}',
        },
        'other': {
            'en': 'from {baseline} to {target}, now {value}',
            'es': 'de {baseline} a {target}, ahora {value}',
        },
    }) }}
{%- endmacro %}
