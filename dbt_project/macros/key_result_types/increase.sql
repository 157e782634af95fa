{#
A flow or distinct count runs from 0, its baseline only fixes the target. Anything else moves from baseline to target;
a resolved baseline that already lies past the target leaves no way to measure.
#}
{% macro progress_increase() -%}
    case
        when kpi_kind in ('flow', 'distinct') then {{ quotient('value', 'target') }}
        when target > baseline then {{ quotient('(value - baseline)', '(target - baseline)') }}
    end
{%- endmacro %}

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
