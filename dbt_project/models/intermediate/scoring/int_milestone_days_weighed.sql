-- Milestone weight: of all, and done by each day.
with

days as (
    select * from {{ ref('int_key_result_days_spined') }}
),

milestones as (
    select * from {{ ref('int_milestones_done') }}
),

final as (
    select
        days.key_result_id,
        days.date,
        {{ stable_sum('milestones.weight') }} as weight_total,
        {{ stable_sum('case when milestones.done_on <= days.checked_in_by then milestones.weight else 0 end') }}
        as weight_done
    from days
    inner join milestones
        on days.key_result_id = milestones.key_result_id
    group by days.key_result_id, days.date
)

select * from final
