{% macro words_between() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, between {low} and {high}',
            'es': 'camino de {projected}, entre {low} y {high}',
        },
        'other': {
            'en': '{weeks_kept} of {weeks_observed} weeks between {low} and {high}',
            'es': '{weeks_kept} de {weeks_observed} semanas entre {low} y {high}',
        },
    }) }}
{%- endmacro %}
