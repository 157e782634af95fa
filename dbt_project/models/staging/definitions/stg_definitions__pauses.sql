with

source as (
    select * from {{ source('definitions', 'pauses') }}
),

final as (
    select
        key_result_id,
        first_day,
        last_day,
        reason
    from source
)

select * from final
