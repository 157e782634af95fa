-- The last whole month or quarter of a key result whose KPI is known by them, and the one before it.
with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where weeks_unit in ('month', 'quarter')
),

units as (
    select distinct weeks_unit from coverage
),

dates as (
    select
        dates.date,
        units.weeks_unit,
        case units.weeks_unit when 'month' then dates.month_start else dates.quarter_start end as unit_start
    from {{ ref('int_dates_spined') }} as dates
    cross join units
),

-- It ends the day before that unit begins which the day after the last known one lies in.
ended as (
    select
        key_results.key_result_id,
        coverage.weeks_unit,
        {{ add_days('dates.unit_start', -1) }} as after_end
    from key_results
    inner join coverage
        on key_results.kpi_id = coverage.kpi_id
    inner join dates
        on {{ add_days('key_results.last_day', 1) }} = dates.date and coverage.weeks_unit = dates.weeks_unit
),

final as (
    select
        ended.key_result_id,
        after_days.unit_start as after_start,
        ended.after_end,
        before_days.unit_start as before_start,
        {{ add_days('after_days.unit_start', -1) }} as before_end
    from ended
    inner join dates as after_days
        on ended.after_end = after_days.date and ended.weeks_unit = after_days.weeks_unit
    inner join dates as before_days
        on {{ add_days('after_days.unit_start', -1) }} = before_days.date and ended.weeks_unit = before_days.weeks_unit
)

select * from final
