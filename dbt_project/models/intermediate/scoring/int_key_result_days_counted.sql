{{ config(materialized='table') }}

-- The days of a key result from its first one to its period's end; those of a pause count for nothing.
with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

pauses as (
    select * from {{ ref('stg_definitions__pauses') }}
),

paused as (
    select distinct
        pauses.key_result_id,
        dates.date
    from pauses
    inner join dates
        on dates.date between pauses.first_day and pauses.last_day
),

days as (
    select
        key_results.key_result_id,
        key_results.runs_from,
        key_results.period_end,
        dates.date,
        dates.day_of_week,
        dates.week_start,
        dates.month_start,
        dates.quarter_start,
        case when paused.date is null then 1 else 0 end as counts
    from key_results
    inner join dates
        on dates.date between key_results.runs_from and key_results.period_end
    left join paused
        on key_results.key_result_id = paused.key_result_id and dates.date = paused.date
),

numbered as (
    select
        *,
        counts = 1 as is_counted,
        sum(counts) over ({{ so_far('key_result_id') }}) as day_no,
        sum(counts) over (partition by key_result_id) as counted_days
    from days
),

final as (
    select
        key_result_id,
        runs_from,
        period_end,
        date,
        day_of_week,
        week_start,
        month_start,
        quarter_start,
        is_counted,
        cast(day_no as {{ dbt.type_bigint() }}) as day_no,
        cast(counted_days as {{ dbt.type_bigint() }}) as counted_days,
        {{ quotient('day_no', 'counted_days') }} as elapsed
    from numbered
)

select * from final
