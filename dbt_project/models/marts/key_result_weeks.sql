with

weeks as (
    select * from {{ ref('int_key_result_weeks_valued') }}
),

lines as (
    select * from {{ ref('int_targets_resolved') }}
    where is_current
),

final as (
    select
        weeks.key_result_id,
        weeks.week_end,
        weeks.weeks_unit,
        weeks.value,
        case
            when weeks.value is null then null
            else not (coalesce(weeks.value < lines.limit_low, false) or coalesce(weeks.value > lines.limit_high, false))
        end as is_within
    from weeks
    inner join lines
        on weeks.key_result_id = lines.key_result_id and weeks.version = lines.version
)

select * from final
