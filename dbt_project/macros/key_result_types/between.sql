{# A flow is judged by its projected total, below and above the band in proportion; anything else week by week. #}
{% macro progress_between() -%}
    case
        when kpi_kind <> 'flow' then {{ share_of_weeks() }}
        when {{ projected() }} between low and high then 1.0
        when {{ projected() }} > high then {{ quotient('high', projected()) }}
        when low > 0 then {{ quotient(projected(), 'low') }}
        when {{ projected() }} < low then 0.0
    end
{%- endmacro %}

{% macro words_between() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, between {low} and {high}',
            'es': 'camino de {projected}, entre {low} y {high}',
        },
        'other': {
            'en': '{weeks_within} of {weeks_observed} weeks between {low} and {high}',
            'es': '{weeks_within} de {weeks_observed} semanas entre {low} y {high}',
        },
    }) }}
{%- endmacro %}
