-- The ISO weeks of a period, clipped to it, for the types that are judged week by week; each counts once it is closed.
with

lines as (
    select * from {{ ref('int_targets_spanned') }}
    where is_held and kpi_kind <> 'flow'
),

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

final as (
    select
        lines.key_result_id,
        lines.version,
        lines.kpi_id,
        lines.kpi_kind,
        lines.limit_low,
        lines.limit_high,
        min(dates.date) as week_start,
        max(dates.date) as week_end
    from lines
    inner join key_results
        on lines.key_result_id = key_results.key_result_id
    inner join dates
        on dates.date between key_results.period_start and key_results.period_end
    group by
        lines.key_result_id, lines.version, lines.kpi_id, lines.kpi_kind, lines.limit_low, lines.limit_high,
        dates.week_start
)

select * from final
