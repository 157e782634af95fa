{% macro words_milestones() -%}
    {{ return({
        'other': {
            'en': '{weight_done} of {weight_total} in milestones done',
            'es': '{weight_done} de {weight_total} en hitos cumplidos',
        },
    }) }}
{%- endmacro %}
