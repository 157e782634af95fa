{# Amounts are exact: 19 digits before the point, 9 behind it. #}
{% macro amount_type() %}{{ return(adapter.dispatch('amount_type')()) }}{% endmacro %}
{% macro default__amount_type() %}decimal(28, 9){% endmacro %}
{% macro bigquery__amount_type() %}bignumeric(38, 9){% endmacro %}

{# 64-bit floating point; dbt.type_float() is 32 bits wide in DuckDB. #}
{% macro double_type() %}{{ return(adapter.dispatch('double_type')()) }}{% endmacro %}
{% macro default__double_type() %}double{% endmacro %}
{% macro postgres__double_type() %}double precision{% endmacro %}
{% macro bigquery__double_type() %}float64{% endmacro %}

{% macro to_amount(expression) -%}
    cast({{ expression }} as {{ amount_type() }})
{%- endmacro %}

{% macro to_double(expression) -%}
    cast({{ expression }} as {{ double_type() }})
{%- endmacro %}

{# An exact number of 12 places. Spark gives up decimals of a sum that may need more than 38 digits: two sums fit here. #}
{% macro to_places(expression) -%}
    cast({{ expression }} as decimal(36, 12))
{%- endmacro %}

{#
A double with 12 places. Whole units and the rest apart: times 10^12 a double above 9,007 has no exact digits, and each
engine then takes its own.
#}
{% macro places_of_double(expression) -%}
    {%- set whole = 'cast(' ~ expression ~ ' as decimal(24, 0))' -%}
    {{ to_places(to_places(whole) ~ ' + cast(' ~ expression ~ ' - ' ~ to_double(whole) ~ ' as decimal(14, 12))') }}
{%- endmacro %}

{# An amount times an exchange rate, exact. #}
{% macro converted(amount, rate) %}{{ return(adapter.dispatch('converted')(amount, rate)) }}{% endmacro %}
{% macro default__converted(amount, rate) %}{{ to_amount(amount ~ ' * ' ~ rate) }}{% endmacro %}

{#
Spark keeps 38 digits of a product and gives up decimals for them: 6 of 21 here. So whole units and the rest are
multiplied apart, each within 38 digits.
#}
{% macro spark__converted(amount, rate) -%}
    {%- set whole = 'cast(cast(' ~ amount ~ ' as bigint) as decimal(19, 0))' -%}
    {%- set rest = 'cast(' ~ amount ~ ' - cast(' ~ amount ~ ' as bigint) as decimal(9, 9))' -%}
    {%- set rate = 'cast(' ~ rate ~ ' as decimal(18, 12))' -%}
    {{ to_amount('cast(' ~ whole ~ ' * ' ~ rate ~ ' as decimal(28, 12)) + ' ~ rest ~ ' * ' ~ rate) }}
{%- endmacro %}
