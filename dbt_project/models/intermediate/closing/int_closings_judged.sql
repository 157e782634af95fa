{{ config(materialized='table') }}

-- docs/scoring.md, "Close". A source that does not reach the end of the period is waited for 30 days.
{% set wait_days = 30 %}
{% set days_without_sources = 7 %}

with

key_results as (
    select * from {{ ref('int_key_results_reached') }}
    where role = 'key_result'
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

sources as (
    select
        key_result_id,
        max(lookback_days) as lookback_days
    from {{ ref('int_closing_sources_matched') }}
    group by key_result_id
),

short_sources as (
    select
        key_result_id,
        {{ dbt.listagg('source', "', '", 'order by source') }} as waits_for
    from {{ ref('int_closing_sources_matched') }}
    where is_awaited
    group by key_result_id
),

dated as (
    select
        key_results.*,
        short_sources.waits_for,
        coalesce(key_results.last_day = key_results.period_end, false) as is_whole,
        case
            when sources.lookback_days is null then {{ days_without_sources }}
            when sources.lookback_days < settings.close_after_days then sources.lookback_days
            else settings.close_after_days
        end as days_open
    from key_results
    cross join settings
    left join sources
        on key_results.key_result_id = sources.key_result_id
    left join short_sources
        on key_results.key_result_id = short_sources.key_result_id
),

judged as (
    select
        *,
        {{ add_days('period_end', 'days_open + 1') }} as closes_from,
        today > {{ add_days('period_end', 'days_open') }} as is_due,
        today > {{ add_days('period_end', 'days_open + ' ~ wait_days) }} as is_waited_out
    from dated
),

final as (
    select
        key_result_id,
        objective_id,
        period_id,
        kpi_id,
        period_start,
        period_end,
        last_day,
        position,
        weight,
        closes_from,
        today,
        is_whole,
        is_due and (is_whole or is_waited_out) as is_closing,
        is_due and not is_whole and not is_waited_out as is_waiting,
        case when not is_whole then waits_for end as waits_for
    from judged
)

select * from final
