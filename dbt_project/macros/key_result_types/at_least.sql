{% macro words_at_least() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, at least {target}',
            'es': 'camino de {projected}, como mínimo {target}',
        },
        'other': {
            'en': '{weeks_kept} of {weeks_observed} weeks at least {target}',
            'es': '{weeks_kept} de {weeks_observed} semanas con {target} como mínimo',
        },
    }) }}
{%- endmacro %}
