{# A flow is judged by its projected total; anything else week by week. #}
{% macro progress_at_least() -%}
    case
        when kpi_kind <> 'flow' then {{ share_of_weeks() }}
        when {{ projected() }} >= target then 1.0
        when target > 0 then {{ quotient(projected(), 'target') }}
        when {{ projected() }} < target then 0.0
    end
{%- endmacro %}

{% macro words_at_least() -%}
    {{ return({
        'flow': {
            'en': 'on course for {projected}, at least {target}',
            'es': 'camino de {projected}, como mínimo {target}',
        },
        'other': {
            'en': '{weeks_within} of {weeks_observed} weeks at least {target}',
            'es': '{weeks_within} de {weeks_observed} semanas con {target} como mínimo',
        },
    }) }}
{%- endmacro %}
