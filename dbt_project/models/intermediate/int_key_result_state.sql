with

defined as (
    select * from {{ ref('int_key_result_digest_defined') }}
),

dated as (
    select * from {{ ref('int_key_result_digest_dated') }}
),

together as (
    select * from defined
    union all
    select * from dated
),

final as (
    select
        key_result_id,
        {{ digest_of_rows(['input', 'digest']) }} as digest
    from together
    group by key_result_id
)

select * from final
