{{ config(materialized='table') }}

-- What a plan says of each day of a key result: a total or a rate as it has come together so far, a level between the
-- readings before and after in proportion, and before the first between the baseline and that one.
with

days as (
    {{ plan_days() }}
),

cumulated as (
    select
        *,
        sum(numerator) over ({{ so_far('key_result_id') }}) as numerator_so_far,
        sum(denominator) over ({{ so_far('key_result_id') }}) as denominator_so_far,
        max(case when value is not null then day_no end) over ({{ so_far('key_result_id') }}) as read_no,
        min(case when value is not null then day_no end) over (
            partition by key_result_id order by date rows between current row and unbounded following
        ) as next_no
    from days
),

weighed as (
    select
        *,
        case
            when kind <> 'stock' or next_no is null then 0.0
            when next_no = day_no then 1.0
            else {{ quotient('day_no - coalesce(read_no, 0)', 'next_no - coalesce(read_no, 0)') }}
        end as part
    from cumulated
),

final as (
    select
        weighed.key_result_id,
        weighed.date,
        case weighed.kind
            when 'flow' then {{ to_double('weighed.numerator_so_far') }}
            when 'ratio' then {{ quotient('weighed.numerator_so_far', 'weighed.denominator_so_far') }}
            else coalesce((1 - weighed.part) * before_it.value, 0) + coalesce(weighed.part * after_it.value, 0)
        end as plan_amount,
        case
            when weighed.kind = 'stock' and weighed.read_no is null then 1 - weighed.part else 0.0
        end as baseline_weight
    from weighed
    left join days as before_it
        on
            weighed.key_result_id = before_it.key_result_id
            and weighed.read_no = before_it.day_no
            and before_it.is_counted
    left join days as after_it
        on weighed.key_result_id = after_it.key_result_id and weighed.next_no = after_it.day_no and after_it.is_counted
)

select * from final
