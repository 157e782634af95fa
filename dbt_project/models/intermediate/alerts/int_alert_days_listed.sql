{{ config(materialized='table') }}

-- Two months more than the year of weeks that a forecast learns from.
with

watched as (
    select * from {{ ref('stg_definitions__alerts') }}
    where is_daily
),

coverage as (
    select * from {{ ref('int_kpis_covered') }}
    where kind in ('flow', 'ratio', 'stock')
),

spans as (
    select
        coverage.kpi_id,
        coverage.kind,
        case
            when coverage.provisional_from <= coverage.data_through then {{ add_days('coverage.provisional_from', -1) }}
            else coverage.data_through
        end as judged_through,
        {{ later('coverage.first_day', add_days('coverage.data_through', -430)) }} as first_day
    from watched
    inner join coverage
        on watched.kpi_id = coverage.kpi_id
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

final as (
    select
        spans.kpi_id,
        spans.kind,
        dates.date,
        case
            when spans.kind = 'stock' then stocks.value
            else {{ to_double('coalesce(days.numerator, 0)') }}
        end as amount,
        case when spans.kind = 'ratio' then {{ to_double('coalesce(days.denominator, 0)') }} end as denominator,
        coalesce(events.factor, 1) as factor,
        events.kpi_id is not null as is_uncertain
    from spans
    inner join dates
        on dates.date between spans.first_day and spans.judged_through
    left join days
        on spans.kpi_id = days.kpi_id and dates.date = days.date
    left join stocks
        on
            spans.kpi_id = stocks.kpi_id
            and dates.date >= stocks.valid_from
            and (dates.date < stocks.next_from or stocks.next_from is null)
    left join events
        on spans.kpi_id = events.kpi_id and dates.date = events.date
)

select * from final
