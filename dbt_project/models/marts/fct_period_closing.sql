with

judged as (
    select * from {{ ref('int_closings_judged') }}
),

periods as (
    select * from {{ ref('stg_definitions__periods') }}
),

closed as (
    select
        *,
        row_number() over (partition by key_result_id, period_id order by closing desc) as newest_first
    from {{ ref('int_key_result_closed') }}
),

results as (
    select
        period_id,
        count(*) as closed,
        sum(case when status = 'achieved' then 1 else 0 end) as achieved,
        sum(case when status = 'missed' then 1 else 0 end) as missed,
        sum(case when status = 'no_data' then 1 else 0 end) as without_data,
        max(closed_on) as closed_on
    from closed
    where newest_first = 1
    group by period_id
),

waits as (
    select
        judged.period_id,
        {{ dbt.listagg('distinct sources.source', "', '", 'order by sources.source') }} as waits_for
    from judged
    inner join {{ ref('int_closing_sources_matched') }} as sources
        on judged.key_result_id = sources.key_result_id
    where judged.is_waiting and sources.is_awaited
    group by judged.period_id
),

still_open as (
    select
        judged.period_id,
        max(judged.closes_from) as closes_from,
        sum(case when closed.key_result_id is null then 1 else 0 end) as key_results,
        sum(case when judged.is_waiting and closed.key_result_id is null then 1 else 0 end) as waiting
    from judged
    left join closed
        on
            judged.key_result_id = closed.key_result_id
            and judged.period_id = closed.period_id
            and closed.newest_first = 1
    where judged.period_end < judged.today
    group by judged.period_id
),

known as (
    select period_id from results
    union
    select period_id from still_open
),

final as (
    select
        known.period_id as period,
        periods.title,
        periods.start_date as period_start,
        periods.end_date as period_end,
        case
            when coalesce(still_open.key_results, 0) = 0 then 'closed'
            when still_open.waiting > 0 then 'waits'
            else 'open'
        end as state,
        case when coalesce(still_open.key_results, 0) = 0 then results.closed_on end as closed_on,
        case when still_open.key_results > 0 then still_open.closes_from end as closes_from,
        cast(coalesce(results.closed, 0) as {{ dbt.type_bigint() }}) as closed,
        cast(coalesce(results.achieved, 0) as {{ dbt.type_bigint() }}) as achieved,
        cast(coalesce(results.missed, 0) as {{ dbt.type_bigint() }}) as missed,
        cast(coalesce(results.without_data, 0) as {{ dbt.type_bigint() }}) as without_data,
        cast(coalesce(still_open.key_results, 0) as {{ dbt.type_bigint() }}) as still_open,
        cast(coalesce(still_open.waiting, 0) as {{ dbt.type_bigint() }}) as waiting,
        waits.waits_for
    from known
    left join periods
        on known.period_id = periods.period_id
    left join results
        on known.period_id = results.period_id
    left join still_open
        on known.period_id = still_open.period_id
    left join waits
        on known.period_id = waits.period_id
)

select * from final
