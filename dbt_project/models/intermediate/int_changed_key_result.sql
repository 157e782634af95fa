{{ config(materialized='table') }}

-- The key results whose days have to be computed again, and the objectives they belong to.
with

state_now as (
    select * from {{ ref('int_key_result_state') }}
),

state_before as (
    {{ transformed_before() }}
),

key_results as (
    select * from {{ ref('int_key_result') }}
),

final as (
    select
        state_now.key_result_id,
        key_results.objective_id,
        state_now.digest
    from state_now
    inner join key_results
        on state_now.key_result_id = key_results.key_result_id
    left join state_before
        on
            state_before.kind = 'key_result'
            and state_now.key_result_id = state_before.id
    where
        state_before.id is null
        or state_before.digest <> state_now.digest
)

select * from final
