-- The key result that is furthest behind what is expected of it.
with

days as (
    select * from {{ ref('int_objective_key_result_day') }}
    where score is not null
),

ranked as (
    select
        objective_id,
        date,
        key_result_id,
        row_number() over (
            partition by objective_id, date
            order by {{ share_of_expected('score') }}, score, position, key_result_id
        ) as weakest_first
    from days
),

final as (
    select
        objective_id,
        date,
        key_result_id as weakest_key_result_id
    from ranked
    where weakest_first = 1
)

select * from final
