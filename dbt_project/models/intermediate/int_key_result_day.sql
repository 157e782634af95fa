-- Every day of a key result from its period's start to the last day known, with the target line of that day.
with

key_results as (
    select * from {{ ref('int_key_result') }}
),

changes as (
    select * from {{ ref('int_changed_key_result') }}
),

lines as (
    select * from {{ ref('int_target') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

final as (
    select
        key_results.key_result_id,
        dates.date,
        lines.version,
        lines.type,
        lines.kpi_id,
        lines.kpi_kind,
        lines.is_held,
        lines.reads,
        lines.baseline,
        lines.target,
        lines.low,
        lines.high,
        lines.limit_low,
        lines.limit_high,
        {{ days_between('key_results.period_start', 'dates.date') }} + 1 as day_no,
        {{ quotient(days_between('key_results.period_start', 'dates.date') ~ ' + 1', 'key_results.period_days') }}
        as elapsed,
        -- A grade given after the end is still the period's grade.
        case
            when key_results.is_over and dates.date = key_results.period_end then key_results.today
            else dates.date
        end as checked_in_by,
        coalesce(dates.date >= key_results.provisional_from, false) or lines.is_provisional as is_provisional,
        key_results.is_over and dates.date = key_results.period_end as is_final_day
    from key_results
    inner join changes
        on key_results.key_result_id = changes.key_result_id
    inner join dates
        on dates.date between key_results.period_start and key_results.last_day
    inner join lines
        on
            key_results.key_result_id = lines.key_result_id
            and (dates.date >= lines.valid_from)
            and (dates.date <= lines.valid_through or lines.valid_through is null)
)

select * from final
