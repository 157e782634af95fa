with

source as (
    select * from {{ source('definitions', 'measures') }}
),

final as (
    select
        measure,
        is_money
    from source
)

select * from final
