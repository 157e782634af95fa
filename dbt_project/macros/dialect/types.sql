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
