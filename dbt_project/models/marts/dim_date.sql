with

numbers as (
    {{ numbers(5) }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

settings as (
    select days_before_monday from {{ ref('stg_definitions__settings') }}
),

periods as (
    select * from {{ ref('stg_definitions__periods') }}
),

key_results as (
    select * from {{ ref('stg_definitions__key_results') }}
),

measures as (
    select * from {{ ref('int_measure_daily') }}
),

named_days as (
    select today as date from context
    union all
    select start_date as date from periods
    union all
    select end_date as date from periods
    union all
    select baseline_start as date from key_results
    union all
    select last_year_start as date from key_results
    union all
    select min(date) as date from measures
),

-- Whole years, one more on each side.
bounds as (
    select
        {{ add_days(dbt.date_trunc('year', 'min(date)'), -366) }} as first_day,
        {{ add_days(dbt.date_trunc('year', 'max(date)'), 731) }} as last_day
    from named_days
),

days as (
    -- 100,000 days: to the end of the last year that definitions may name, 2199.
    select {{ add_days("cast('1930-01-01' as date)", 'number') }} as date
    from numbers
),

final as (
    select
        days.date,
        {{ add_days(monday_of(add_days('days.date', 'settings.days_before_monday')), '-settings.days_before_monday') }}
        as week_start,
        cast({{ dbt.date_trunc('month', 'days.date') }} as date) as month_start,
        cast(extract(quarter from days.date) as {{ dbt.type_bigint() }}) as quarter,
        cast(extract(year from days.date) as {{ dbt.type_bigint() }}) as year,
        {{ days_between(monday_of('days.date'), 'days.date') }} + 1 as day_of_week
    from days
    inner join bounds
        on days.date between bounds.first_day and bounds.last_day
    cross join settings
)

select * from final
