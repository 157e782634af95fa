{#
A number for a sentence, grouped and with the decimal mark of `language`: 1,234.5 or 1.234,5; at most `decimals` places,
no zeros at the end.
#}
{% macro number_text(value, language, decimals=1) -%}
    {{ return(adapter.dispatch('number_text')(value, language, decimals)) }}
{%- endmacro %}

{% macro default__number_text(value, language, decimals) -%}
    cast(round({{ value }}, {{ decimals }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro duckdb__number_text(value, language, decimals) -%}
    {{ local_marks("rtrim(rtrim(" ~ grouped(value, decimals) ~ ", '0'), '.')", language) }}
{%- endmacro %}

{% macro spark__number_text(value, language, decimals) -%}
    {{ local_marks("trim(trailing '.' from trim(trailing '0' from " ~ grouped(value, decimals) ~ "))", language) }}
{%- endmacro %}

{# An amount of money: two decimals, or none where they would be zeros. #}
{% macro money_text(value, language) %}{{ return(adapter.dispatch('money_text')(value, language)) }}{% endmacro %}

{% macro default__money_text(value, language) -%}
    {{ number_text(value, language, 2) }}
{%- endmacro %}

{% macro duckdb__money_text(value, language) -%}
    {{ local_marks("replace(" ~ grouped(value, 2) ~ ", '.00', '')", language) }}
{%- endmacro %}

{% macro spark__money_text(value, language) -%}
    {{ local_marks("replace(" ~ grouped(value, 2) ~ ", '.00', '')", language) }}
{%- endmacro %}

{# 1,234.50; adding 0 makes a negative zero an ordinary one. #}
{% macro grouped(value, decimals) %}{{ return(adapter.dispatch('grouped')(value, decimals)) }}{% endmacro %}

{% macro default__grouped(value, decimals) -%}
    cast(round({{ value }}, {{ decimals }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro duckdb__grouped(value, decimals) -%}
    format('{:,.{{ decimals }}f}', round({{ to_double(value) }}, {{ decimals }}) + 0)
{%- endmacro %}

{# Rounded as DuckDB does, on the binary number: Spark's own round() makes 1.01 of 1.005. #}
{% macro spark__grouped(value, decimals) -%}
    format_number(round({{ to_double(value) }} * 1e{{ decimals }}) / 1e{{ decimals }} + 0, {{ decimals }})
{%- endmacro %}

{% macro local_marks(text, language) -%}
    translate({{ text }}, ',.', case when {{ language }} = 'es' then '.,' else ',.' end)
{%- endmacro %}

{# A share as a percentage: 0.465 as 46.5 %. Below 1 % two decimals, where 0.55 % and 0.6 % are different promises. #}
{% macro percent_text(share, language) -%}
    {% set percent = '(100 * ' ~ share ~ ')' %}
    case
        when abs({{ percent }}) < 0.995 then {{ number_text(percent, language, 2) }}
        else {{ number_text(percent, language, 1) }}
    end || ' %'
{%- endmacro %}

{# A value in its unit: count, currency, percent, days or number. #}
{% macro value_text(value, unit, language, currency) -%}
    case
        when {{ unit }} = 'percent' then {{ percent_text(value, language) }}
        when {{ unit }} = 'currency' then {{ money_text(value, language) }} || ' ' || {{ currency }}
        when abs({{ value }}) < 1 then {{ number_text(value, language, 4) }}
        else {{ number_text(value, language, 2) }}
    end
{%- endmacro %}

{% macro day_text(day) -%}
    cast({{ day }} as {{ dbt.type_string() }})
{%- endmacro %}
