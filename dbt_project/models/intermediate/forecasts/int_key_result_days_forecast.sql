{{ config(materialized='table') }}

-- By the weekday profile: how many average days' worth lies behind and before each day. Whole weeks count seven times
-- the mean of the last seven profile days; what is left over is taken from those days one by one. A flow will end at what
-- there is, and the rest of the period at the rate so far by weekday profile and slope. benchmarks/bench_forecast.py says how often the truth falls inside.
with

scored as (
    select * from {{ ref('int_key_result_days_measured') }}
    where kpi_kind = 'flow' and value is not null and target is not null
),

types as (
    select * from {{ ref('stg_definitions__key_result_types') }}
    where forecast_side is not null
),

days as (
    select * from {{ ref('int_forecast_days_learnt') }}
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

shares as (
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
    -- A handful of events follows no bell curve: below five days with anything an 80 % interval is not one.
    where is_in_period and day_no >= 7 and active_days >= 5
),

spread as (
    select * from {{ ref('int_forecast_weeks_fitted') }}
),

joined as (
    select
        scored.key_result_id,
        scored.date,
        types.forecast_side,
        scored.value,
        scored.target,
        spread.degrees,
        shares.least_amount >= 0 as only_grows,
        {{ quotient('shares.profile_before', 'shares.profile_behind') }} as rest,
        spread.slope * spread.slope_share as slope,
        spread.slope_variance * power(spread.slope_share, 1.5) as slope_variance,
        spread.day_variance,
        shares.day_no,
        shares.days_left,
        -- From the middle of the days behind to the middle of those before, in weeks, for each of those before.
        {{ quotient('shares.days_left * (shares.day_no + shares.days_left)', '14') }} as leverage
    from scored
    inner join types
        on scored.type = types.type
    inner join shares
        on
            scored.key_result_id = shares.key_result_id
            and scored.date = shares.date
            and scored.kpi_id = shares.kpi_id
    inner join spread
        on scored.key_result_id = spread.key_result_id and scored.date = spread.date
),

estimated as (
    select
        *,
        value * (1 + rest) + slope * leverage as expected_end,
        {{ t_quantile_90('degrees') }} as quantile,
        sqrt(day_variance * (days_left + day_no * rest * rest) + slope_variance * leverage * leverage) as deviation
    from joined
),

compared as (
    select
        *,
        {{ quotient('expected_end - target', 'deviation') }} as deviations_above
    from estimated
),

placed as (
    select
        *,
        {{ t_to_normal('deviations_above', 'degrees') }} as surplus
    from compared
),

forecasts as (
    select
        key_result_id,
        date,
        {{ not_below('expected_end - quantile * deviation') }} as forecast_low,
        {{ not_below('expected_end') }} as forecast,
        {{ not_below('expected_end + quantile * deviation') }} as forecast_high,
        {{ chance_of_target() }} as probability
    from placed
),

final as (
    select
        key_result_id,
        date,
        {{ rounded('forecast_low', 6) }} as forecast_low,
        {{ rounded('forecast', 6) }} as forecast,
        {{ rounded('forecast_high', 6) }} as forecast_high,
        {{ rounded('probability', 9) }} as probability
    from forecasts
)

select * from final
