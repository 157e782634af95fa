with

weeks as (
    select * from {{ ref('int_key_result_weeks_valued') }}
),

reached as (
    select * from {{ ref('int_key_results_reached') }}
),

lines as (
    select * from {{ ref('int_targets_resolved') }}
    where is_current
),

closed as (
    select
        weeks.key_result_id,
        weeks.version,
        weeks.week_end,
        weeks.weeks_unit,
        case when weeks.week_end <= reached.last_day then weeks.value end as value
    from weeks
    inner join reached
        on weeks.key_result_id = reached.key_result_id
),

final as (
    select
        closed.key_result_id,
        closed.week_end,
        closed.weeks_unit,
        closed.value,
        case
            when closed.value is null then null
            else
                not (
                    coalesce(closed.value < lines.limit_low, false) or coalesce(closed.value > lines.limit_high, false)
                )
        end as is_within
    from closed
    inner join lines
        on closed.key_result_id = lines.key_result_id and closed.version = lines.version
)

select * from final
