{#
Days with their week, month, quarter and year: whole years, from one before the first of the days in column `date` of
`named_days` to one after the last of them.
#}
{% macro calendar(named_days) -%}
    select
        days.date,
        {{ add_days(monday_of(add_days('days.date', 'settings.days_before_monday')), '-settings.days_before_monday') }}
        as week_start,
        cast({{ dbt.date_trunc('month', 'days.date') }} as date) as month_start,
        cast({{ dbt.date_trunc('quarter', 'days.date') }} as date) as quarter_start,
        cast(extract(quarter from days.date) as {{ dbt.type_bigint() }}) as quarter,
        cast(extract(year from days.date) as {{ dbt.type_bigint() }}) as year,
        {{ days_between(monday_of('days.date'), 'days.date') }} + 1 as day_of_week
    from (
        -- 100,000 days: to the end of the last year that definitions may name, 2199.
        select {{ add_days("cast('1930-01-01' as date)", 'number') }} as date
        from ({{ numbers(5) }}) as numbers
    ) as days
    inner join (
        select
            {{ add_days(dbt.date_trunc('year', 'min(date)'), -366) }} as first_day,
            {{ add_days(dbt.date_trunc('year', 'max(date)'), 731) }} as last_day
        from {{ named_days }}
    ) as bounds
        on days.date between bounds.first_day and bounds.last_day
    cross join {{ ref('stg_definitions__settings') }} as settings
{%- endmacro %}
