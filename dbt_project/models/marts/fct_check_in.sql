with

check_ins as (
    select * from {{ ref('stg_definitions__check_ins') }}
),

reports as (
    select * from {{ ref('stg_definitions__check_in_milestones') }}
),

done as (
    select
        check_in_id,
        {{ dbt.listagg('milestone_id', "', '", 'order by milestone_id') }} as done
    from reports
    group by check_in_id
),

final as (
    select
        check_ins.check_in_id,
        check_ins.key_result_id,
        check_ins.date,
        check_ins.author,
        check_ins.confidence,
        check_ins.note,
        check_ins.next,
        check_ins.previous_next,
        check_ins.value,
        check_ins.met,
        check_ins.grade,
        check_ins.evidence,
        done.done
    from check_ins
    left join done
        on check_ins.check_in_id = done.check_in_id
)

select * from final
