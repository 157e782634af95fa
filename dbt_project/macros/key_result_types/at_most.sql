{% macro words_at_most() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, at most {target}',
            'es': 'camino de {projected}, como máximo {target}',
        },
        'other': {
            'en': '{weeks_kept} of {weeks_observed} weeks at most {target}',
            'es': '{weeks_kept} de {weeks_observed} semanas con {target} como máximo',
        },
    }) }}
{%- endmacro %}
