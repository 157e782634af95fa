-- Factors of events that overlap multiply; a day with one whose factor nobody knows is uncertain.
with

events as (
    select * from {{ ref('int_events_matched') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

final as (
    select
        events.kpi_id,
        dates.date,
        exp(sum(ln(case when events.factor < 0.02 then 0.02 else coalesce(events.factor, 1) end))) as factor,
        {{ any_row('events.factor is null') }} as is_uncertain
    from events
    inner join dates
        on dates.date between events.start_date and events.end_date
    group by events.kpi_id, dates.date
)

select * from final
