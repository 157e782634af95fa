-- What check-ins say of a number, a yes or no, a grade, and how sure their author is: each holds until the next that
-- says it too.
with

check_ins as (
    select * from {{ ref('stg_definitions__check_ins') }}
),

pauses as (
    select * from {{ ref('stg_definitions__pauses') }}
),

read as (
    select
        key_result_id,
        'value' as field,
        date,
        position,
        {{ to_double('value') }} as reading
    from check_ins
    where
        value is not null
        and not exists (
            select 1 from pauses
            where
                check_ins.key_result_id = pauses.key_result_id
                and check_ins.date between pauses.first_day and pauses.last_day
        )

    union all

    select
        key_result_id,
        'met' as field,
        date,
        position,
        case when met then 1.0 else 0.0 end as reading
    from check_ins
    where met is not null

    union all

    select
        key_result_id,
        'grade' as field,
        date,
        position,
        grade as reading
    from check_ins
    where grade is not null

    union all

    select
        key_result_id,
        'confidence' as field,
        date,
        position,
        confidence as reading
    from check_ins
    where confidence is not null
),

-- The later one of one date counts.
last_of_day as (
    select
        *,
        row_number() over (partition by key_result_id, field, date order by position desc) as newest_first
    from read
),

final as (
    select
        key_result_id,
        field,
        date as valid_from,
        lead(date) over (partition by key_result_id, field order by date) as next_from,
        reading
    from last_of_day
    where newest_first = 1
)

select * from final
