-- By the weekday profile: how many average days' worth lies behind and before each day. Whole weeks count seven times
-- the mean of the last seven profile days; what is left over is taken from those days one by one.
with

days as (
    select * from {{ ref('int_forecast_weekday') }}
),

weeks as (
    select
        *,
        sum(weekday_mean) over ({{ last_week('key_result_id') }}) as week_profile,
        {% for age in range(7) -%}
        lag(weekday_mean, {{ age }}) over (
            partition by key_result_id order by date
        ) as profile_{{ age }}{{ ',' if not loop.last }}
        {% endfor %}
    from days
),

final as (
    select
        key_result_id,
        kpi_id,
        date,
        day_no,
        days_left,
        active_days,
        least_amount,
        week_profile * (day_no - day_no % 7) / 7
        {% for age in range(6) -%}
        + case when day_no % 7 > {{ age }} then profile_{{ age }} else 0 end
        {% endfor -%}
        as profile_behind,
        week_profile * (days_left - days_left % 7) / 7
        {% for age in range(1, 7) -%}
        + case when days_left % 7 >= {{ 7 - age }} then profile_{{ age }} else 0 end
        {% endfor -%}
        as profile_before
    from weeks
    where is_in_period and day_no >= 7
)

select * from final
