{# Enough is enough: above high is flagged on the key result, not punished. #}
{% macro progress_count_range() -%}
    case
        when value >= low then 1.0
        when value > 0 then {{ quotient('value', 'low') }}
        when value <= 0 then 0.0
    end
{%- endmacro %}

{% macro words_count_range() -%}
    {{ return({
        'flow': {
            'en': '{value} of {low} to {high}',
            'es': '{value} de {low} a {high}',
        },
        'other': {
            'en': '{value} of {low} to {high}',
            'es': '{value} de {low} a {high}',
        },
    }) }}
{%- endmacro %}
