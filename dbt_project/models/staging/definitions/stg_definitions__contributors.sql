with

source as (
    select * from {{ source('definitions', 'contributors') }}
),

final as (
    select
        key_result_id,
        position,
        name
    from source
)

select * from final
