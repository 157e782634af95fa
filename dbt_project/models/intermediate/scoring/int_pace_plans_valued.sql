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

amounts as (
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
        amounts.key_result_id,
        amounts.date,
        case amounts.kind
            when 'flow' then {{ to_double('amounts.numerator_so_far') }}
            when 'ratio' then {{ quotient('amounts.numerator_so_far', 'amounts.denominator_so_far') }}
            else coalesce((1 - amounts.part) * before_it.value, 0) + coalesce(amounts.part * after_it.value, 0)
        end as plan_amount,
        case
            when amounts.kind = 'stock' and amounts.read_no is null then 1 - amounts.part else 0.0
        end as baseline_weight
    from amounts
    left join days as before_it
        on amounts.key_result_id = before_it.key_result_id and amounts.read_no = before_it.day_no and before_it.is_counted
    left join days as after_it
        on amounts.key_result_id = after_it.key_result_id and amounts.next_no = after_it.day_no and after_it.is_counted
)

select * from final
