with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
    where role = 'key_result'
),

contributors as (
    select * from {{ ref('stg_definitions__contributors') }}
),

people as (
    select * from {{ ref('stg_definitions__people') }}
),

named as (
    select
        key_result_id,
        'owner' as role,
        1 as position,
        owner as name
    from key_results
    where owner is not null

    union all

    select
        key_result_id,
        'contributor' as role,
        position,
        name
    from contributors
),

final as (
    select
        named.key_result_id,
        named.role,
        cast(named.position as {{ dbt.type_bigint() }}) as position,
        named.name,
        people.person_id
    from named
    inner join people
        on named.name = people.name
)

select * from final
