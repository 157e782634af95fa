with

source as (
    select * from {{ source('definitions', 'pace_points') }}
),

final as (
    select
        key_result_id,
        date,
        share
    from source
)

select * from final
