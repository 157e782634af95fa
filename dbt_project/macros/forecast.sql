{# A sum of amounts that are never negative cannot fall below what it is already. #}
{% macro not_below(expression) -%}
    case when only_grows and {{ expression }} < value then value else {{ expression }} end
{%- endmacro %}

{# The chance that the value at the period's end reaches the target, over the columns of int_key_result_days_forecast. #}
{% macro chance_of_target() -%}
    case
        when forecast_side = 'above' and only_grows and value >= target then 1.0
        when forecast_side = 'below' and only_grows and value > target then 0.0
        when forecast_side = 'above' and deviation > 0 then {{ normal_cdf('surplus') }}
        when forecast_side = 'below' and deviation > 0 then 1 - {{ normal_cdf('surplus') }}
        when forecast_side = 'above' and expected_end >= target then 1.0
        when forecast_side = 'below' and expected_end <= target then 1.0
        else 0.0
    end
{%- endmacro %}
