-- Digests of what a key result's days are computed from, the parts that are defined. What is left out here is missed
-- when it changes: tests/dbt_project/test_incremental.py compares with full builds.
with

key_results as (
    select * from {{ ref('int_key_result') }}
),

definitions as (
    select * from {{ ref('stg_definitions__key_results') }}
),

lines as (
    select * from {{ ref('int_target') }}
),

pace_points as (
    select * from {{ ref('stg_definitions__pace_points') }}
),

milestones as (
    select * from {{ ref('key_result_milestones') }}
),

check_ins as (
    select * from {{ ref('stg_definitions__check_ins') }}
),

final as (
    -- The others of its objective: with them the objective's means change.
    select
        key_results.key_result_id,
        'siblings' as input,
        {{ digest_of_rows(['definitions.key_result_id', 'definitions.weight']) }} as digest
    from key_results
    inner join definitions
        on key_results.objective_id = definitions.objective_id
    group by key_results.key_result_id

    union all

    select
        key_result_id,
        'target' as input,
        {{ digest_of_rows([
            'version', 'valid_from', 'valid_through', 'type', 'kpi_id', 'kpi_kind', 'low', 'high', 'baseline', 'target',
            'is_provisional'
        ]) }} as digest
    from lines
    group by key_result_id

    union all

    select
        key_result_id,
        'pace' as input,
        {{ digest_of_rows(['date', 'share']) }} as digest
    from pace_points
    group by key_result_id

    union all

    select
        key_result_id,
        'milestones' as input,
        {{ digest_of_rows(['milestone_id', 'weight', 'due', 'done_on']) }} as digest
    from milestones
    group by key_result_id

    union all

    select
        check_ins.key_result_id,
        'check-ins' as input,
        {{ digest_of_rows([
            'check_ins.position', 'check_ins.date', 'check_ins.value', 'check_ins.met', 'check_ins.grade'
        ]) }} as digest
    from check_ins
    inner join key_results
        on
            check_ins.key_result_id = key_results.key_result_id
            and check_ins.date <= key_results.today
    group by check_ins.key_result_id
)

select * from final
