{# The day `days` after `day`; dbt.dateadd gives a timestamp in some engines. #}
{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days')(day, days)) }}{% endmacro %}
{% macro default__add_days(day, days) %}cast({{ dbt.dateadd('day', days, day) }} as date){% endmacro %}
{% macro spark__add_days(day, days) %}date_add({{ day }}, cast({{ days }} as int)){% endmacro %}

{# How many days lie between two dates; 0 for the same day. #}
{% macro days_between(first_day, last_day) %}{{ return(adapter.dispatch('days_between')(first_day, last_day)) }}{% endmacro %}
{% macro default__days_between(first_day, last_day) %}{{ dbt.datediff(first_day, last_day, 'day') }}{% endmacro %}
{% macro spark__days_between(first_day, last_day) %}cast(datediff({{ last_day }}, {{ first_day }}) as bigint){% endmacro %}
{% macro duckdb__days_between(first_day, last_day) %}date_diff('day', {{ first_day }}, {{ last_day }}){% endmacro %}

{# How many whole weeks lie between two dates. #}
{% macro whole_weeks(first_day, last_day) -%}
    cast(floor({{ days_between(first_day, last_day) }} / 7.0) as {{ dbt.type_bigint() }})
{%- endmacro %}

{# The Monday of the ISO week of `day`. #}
{% macro monday_of(day) -%}
    cast({{ dbt.date_trunc('week', day) }} as date)
{%- endmacro %}

{# The integers 0 .. 10**digits - 1, one a row, column `number`. #}
{% macro numbers(digits) -%}
    select
        {%- for place in range(digits) %}
        digit_{{ place }}.digit * {{ 10 ** place }}{{ ' +' if not loop.last }}
        {%- endfor %} as number
    from
    {%- for place in range(digits) %}
        ({% for digit in range(10) %}select {{ digit }} as digit{{ ' union all ' if not loop.last }}{% endfor %})
        as digit_{{ place }}{{ ' cross join' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
