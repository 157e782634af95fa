-- A table of dates, straight lines between its points.
with

points as (
    select * from {{ ref('stg_definitions__pace_points') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

spans as (
    select
        key_result_id,
        date,
        share,
        lead(date) over (partition by key_result_id order by date) as next_date,
        lead(share) over (partition by key_result_id order by date) as next_share
    from points
),

final as (
    select
        spans.key_result_id,
        dates.date,
        spans.share + coalesce(
            (spans.next_share - spans.share)
            * {{ quotient(days_between('spans.date', 'dates.date'), days_between('spans.date', 'spans.next_date')) }},
            0
        ) as share
    from spans
    inner join dates
        on
            spans.date <= dates.date
            and (spans.next_date > dates.date or (spans.next_date is null and spans.date = dates.date))
)

select * from final
