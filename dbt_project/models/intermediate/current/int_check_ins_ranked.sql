-- The last check-in of each key result, and the last confidence and evidence that any of them gave.
with

check_ins as (
    select * from {{ ref('stg_definitions__check_ins') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

ranked as (
    select
        check_ins.*,
        row_number() over (partition by check_ins.key_result_id order by check_ins.date desc, check_ins.position desc)
        as newest_first,
        row_number() over (
            partition by check_ins.key_result_id
            order by
                case when check_ins.confidence is null then 1 else 0 end,
                check_ins.date desc,
                check_ins.position desc
        ) as newest_confident_first,
        row_number() over (
            partition by check_ins.key_result_id
            order by
                case when check_ins.evidence is null then 1 else 0 end,
                check_ins.date desc,
                check_ins.position desc
        ) as newest_evident_first
    from check_ins
    cross join context
    where check_ins.date <= context.today
),

final as (
    select
        last_check_in.key_result_id,
        last_check_in.date as last_check_in,
        last_check_in.author as last_check_in_by,
        last_check_in.note as last_check_in_note,
        last_check_in.next as last_check_in_next,
        confident.confidence,
        evident.evidence
    from ranked as last_check_in
    inner join ranked as confident
        on
            last_check_in.key_result_id = confident.key_result_id
            and confident.newest_confident_first = 1
    inner join ranked as evident
        on
            last_check_in.key_result_id = evident.key_result_id
            and evident.newest_evident_first = 1
    where last_check_in.newest_first = 1
)

select * from final
