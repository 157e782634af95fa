-- What an account or campaign said last holds until it says something else; what all of them hold is added up. Files
-- are no holders: next month's file continues this month's.
with

amounts as (
    select * from {{ ref('int_kpi_value_daily') }}
    where kind = 'stock'
),

readings as (
    select
        kpi_id,
        channel,
        account_id,
        campaign_id,
        date,
        {{ whole_sum('value', 'true') }} as value,
        {{ any_row('is_provisional') }} as is_provisional
    from amounts
    group by kpi_id, channel, account_id, campaign_id, date
),

spans as (
    select
        *,
        lead(date) over (partition by kpi_id, channel, account_id, campaign_id order by date) as next_date
    from readings
),

days as (
    select distinct
        kpi_id,
        date
    from readings
),

final as (
    select
        days.kpi_id,
        days.date,
        {{ whole_sum('spans.value', 'true') }} as numerator,
        {{ any_row('spans.is_provisional') }} as is_provisional
    from days
    inner join spans
        on
            days.kpi_id = spans.kpi_id
            and days.date >= spans.date
            and (days.date < spans.next_date or spans.next_date is null)
    group by days.kpi_id, days.date
)

select * from final
