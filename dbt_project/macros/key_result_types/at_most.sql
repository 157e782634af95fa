{# A flow is a cap on the projected total; anything else is judged week by week. #}
{% macro progress_at_most() -%}
    case
        when kpi_kind <> 'flow' then {{ share_of_weeks() }}
        when {{ projected() }} <= target then 1.0
        when {{ projected() }} > target then {{ quotient('target', projected()) }}
    end
{%- endmacro %}

{% macro words_at_most() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, at most {target}',
            'es': 'camino de {projected}, como máximo {target}',
        },
        'other': {
            'en': '{weeks_within} of {weeks_observed} weeks at most {target}',
            'es': '{weeks_within} de {weeks_observed} semanas con {target} como máximo',
        },
    }) }}
{%- endmacro %}
