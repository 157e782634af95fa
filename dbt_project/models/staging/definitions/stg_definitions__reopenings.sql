with

source as (
    select * from {{ source('definitions', 'reopenings') }}
),

final as (
    select
        position,
        key_result_id,
        reopened_on,
        reopened_by,
        reason
    from source
)

select * from final
