-- How the forecasts of what is over fared: of each week the last one that was published, before the first of those what
-- today's method says of the days known at the week's end.
with

closings as (
    select
        key_result_id,
        period_id as period,
        value,
        status,
        row_number() over (partition by key_result_id, period_id order by closing desc) as newest_first
    from {{ ref('int_key_result_closed') }}
),

finals as (
    select * from closings
    where newest_first = 1
),

ended as (
    select
        key_results.key_result_id,
        key_results.kpi_id,
        key_results.period_start,
        key_results.period_end,
        case when finals.key_result_id is null then key_results.value else finals.value end as value,
        case when finals.key_result_id is null then key_results.status else finals.status end as status
    from {{ ref('key_results') }} as key_results
    left join finals
        on key_results.key_result_id = finals.key_result_id and key_results.period = finals.period
),

forecasts as (
    select
        key_result_id,
        date,
        reported_on,
        true as is_published,
        forecast_low,
        forecast,
        forecast_high,
        probability
    from {{ ref('fct_key_result_reported') }}

    union all

    select
        key_result_id,
        date,
        date as reported_on,
        false as is_published,
        forecast_low,
        forecast,
        forecast_high,
        probability
    from {{ ref('fct_key_result_daily') }}
),

dated as (
    select
        forecasts.*,
        ended.kpi_id,
        ended.value,
        ended.status,
        {{ whole_weeks('ended.period_start', 'forecasts.date') }} + 1 as week,
        ({{ days_between('ended.period_start', 'forecasts.date') }} + 1) % 7 = 0 as ends_week,
        min(case when forecasts.is_published then forecasts.date end) over (
            partition by forecasts.key_result_id
        ) as first_published
    from forecasts
    inner join ended
        on forecasts.key_result_id = ended.key_result_id
    where
        ended.status in ('achieved', 'missed')
        and ended.value is not null
        and forecasts.date >= ended.period_start
        and forecasts.date < ended.period_end
        and (forecasts.forecast is not null or forecasts.probability is not null)
),

ranked as (
    select
        *,
        row_number() over (partition by key_result_id, week order by date desc, reported_on asc) as newest_first
    from dated
    where is_published or (ends_week and (first_published is null or date < first_published))
),

final as (
    select
        key_result_id,
        kpi_id,
        week,
        date,
        is_published,
        forecast_low,
        forecast,
        forecast_high,
        probability,
        value,
        value between forecast_low and forecast_high as is_held,
        status = 'achieved' as is_reached
    from ranked
    where newest_first = 1
)

select * from final
