{# A flow is projected to the whole period first; its baseline is the total of the baseline period. #}
{% macro progress_decrease() -%}
    case
        when kpi_kind = 'flow' and target < baseline
            then {{ quotient('(baseline - ' ~ projected() ~ ')', '(baseline - target)') }}
        when kpi_kind <> 'distinct' and target < baseline
            then {{ quotient('(value - baseline)', '(target - baseline)') }}
    end
{%- endmacro %}

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
