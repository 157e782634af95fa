{{ config(materialized='table') }}

-- What a forecast learns from, without a gap, and what is known of the days to come: for a KPI each day from its first,
-- for a number that people report one row a report.
with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where kind in ('flow', 'ratio', 'stock')
),

spans as (
    select
        coverage.kpi_id,
        coverage.kind,
        coverage.weeks_unit,
        coverage.data_through,
        {{ later('coverage.first_day', add_days('min(key_results.period_start)', -var('forecast_days_before'))) }}
        as first_day,
        max(key_results.period_end) as last_day
    from coverage
    inner join key_results
        on coverage.kpi_id = key_results.kpi_id
    group by coverage.kpi_id, coverage.kind, coverage.weeks_unit, coverage.data_through, coverage.first_day
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

stocks as (
    select * from {{ ref('int_kpi_stocks_spanned') }}
),

events as (
    select * from {{ ref('int_event_days_multiplied') }}
),

reports as (
    select
        reports.key_result_id,
        reports.valid_from,
        reports.reading
    from {{ ref('int_check_ins_spanned') }} as reports
    inner join key_results
        on
            reports.key_result_id = key_results.key_result_id
            and reports.valid_from between key_results.period_start and key_results.period_end
    where reports.field = 'value'
),

final as (
    select
        spans.kpi_id as series_id,
        dates.date,
        case spans.weeks_unit
            when 'month' then dates.month_start
            when 'quarter' then dates.quarter_start
            else dates.week_start
        end as unit_start,
        case
            when dates.date > spans.data_through then null
            when spans.kind = 'stock' then stocks.value
            else {{ to_double('coalesce(days.numerator, 0)') }}
        end as amount,
        case
            when dates.date <= spans.data_through and spans.kind = 'ratio'
                then {{ to_double('coalesce(days.denominator, 0)') }}
        end as denominator,
        coalesce(events.factor, 1) as factor,
        coalesce(events.is_uncertain, false) as is_uncertain
    from spans
    inner join dates
        on dates.date between spans.first_day and spans.last_day
    left join days
        on spans.kpi_id = days.kpi_id and dates.date = days.date
    left join stocks
        on
            spans.kpi_id = stocks.kpi_id
            and dates.date >= stocks.valid_from
            and (dates.date < stocks.next_from or stocks.next_from is null)
    left join events
        on spans.kpi_id = events.kpi_id and dates.date = events.date

    union all

    select
        {{ dbt.concat(["'check_in/'", 'key_result_id']) }} as series_id,
        valid_from as date,
        cast(null as date) as unit_start,
        reading as amount,
        null as denominator,
        1 as factor,
        false as is_uncertain
    from reports
)

select * from final
