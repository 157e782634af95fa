{# NaN and infinity are no data. NaN sorts above every number in DuckDB, PostgreSQL and Spark, so one range test finds both. #}
{% macro finite(expression) -%}
    case when {{ expression }} between -1.7976931348623157e308 and 1.7976931348623157e308 then {{ expression }} end
{%- endmacro %}

{# A quotient of doubles (DECIMAL / DECIMAL differs between engines); null where the divisor is 0. #}
{% macro quotient(dividend, divisor) -%}
    ({{ to_double(dividend) }} / nullif({{ to_double(divisor) }}, 0))
{%- endmacro %}

{# Into 0..1; null stays null, which least(1, greatest(0, x)) would turn into a 1 in DuckDB. #}
{% macro clamp_share(expression) -%}
    case when {{ expression }} < 0 then 0.0 when {{ expression }} > 1 then 1.0 else {{ expression }} end
{%- endmacro %}

{# The lesser of two days; null if one is null (least() leaves nulls out in some engines). #}
{% macro earlier(one, other) -%}
    case when {{ one }} <= {{ other }} then {{ one }} when {{ one }} > {{ other }} then {{ other }} end
{%- endmacro %}

{# The later of two days; null if one is null. #}
{% macro later(one, other) -%}
    case when {{ one }} >= {{ other }} then {{ one }} when {{ one }} < {{ other }} then {{ other }} end
{%- endmacro %}

{# The sum of an amount over the rows that meet a condition: 0 where none does, null where one of them is null. #}
{% macro whole_sum(amount, condition) -%}
    case
        when count(case when {{ condition }} and {{ amount }} is null then 1 end) = 0
            then {{ to_amount('coalesce(sum(case when ' ~ condition ~ ' then ' ~ amount ~ ' end), 0)') }}
    end
{%- endmacro %}

{# Whether any row meets a condition. #}
{% macro any_row(condition) -%}
    max(case when {{ condition }} then 1 else 0 end) = 1
{%- endmacro %}

{#
A sum of doubles that does not depend on the order of the rows: added up as decimals. Of 12 places, since a double above
9 has no 15: engines then differ in which one they take.
#}
{% macro stable_sum(expression) -%}
    {{ to_double('sum(cast(' ~ expression ~ ' as decimal(38, 12)))') }}
{%- endmacro %}
