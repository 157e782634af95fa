{#
Progress of one row of int_key_result_measured, by the rule of its type: docs/scoring.md, "Progress and score". Each
type's rule is the macro progress_<type> in key_result_types/, over these columns: value, baseline, target, low, high
(double), kpi_kind (flow, ratio, stock, distinct, check_in), elapsed (0..1], weeks_within, weeks_observed, weight_done,
weight_total. NaN and infinity come out as null.
#}
{% macro progress() -%}
    case type
    {%- for type in var('key_result_types') %}
        when '{{ type }}' then {{ context['progress_' ~ type]() }}
    {%- endfor %}
    end
{%- endmacro %}

{# The period's total if the rate so far goes on. #}
{% macro projected() -%}
    {{ quotient('value', 'elapsed') }}
{%- endmacro %}

{# The share of the closed weeks observed so far in which the week's value lay within the limits. #}
{% macro share_of_weeks() -%}
    {{ quotient('weeks_within', 'weeks_observed') }}
{%- endmacro %}
