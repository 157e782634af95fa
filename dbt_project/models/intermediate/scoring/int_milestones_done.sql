{{ config(materialized='table') }}

with

milestones as (
    select * from {{ ref('stg_definitions__milestones') }}
),

check_ins as (
    select * from {{ ref('stg_definitions__check_ins') }}
),

reports as (
    select * from {{ ref('stg_definitions__check_in_milestones') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

done as (
    select
        check_ins.key_result_id,
        reports.milestone_id,
        min(check_ins.date) as done_on
    from reports
    inner join check_ins
        on reports.check_in_id = check_ins.check_in_id
    cross join context
    where check_ins.date <= context.today
    group by check_ins.key_result_id, reports.milestone_id
),

final as (
    select
        milestones.key_result_id,
        milestones.milestone_id,
        milestones.position,
        milestones.title,
        milestones.weight,
        milestones.due,
        done.done_on
    from milestones
    left join done
        on
            milestones.key_result_id = done.key_result_id
            and milestones.milestone_id = done.milestone_id
)

select * from final
