with

source as (
    select * from {{ source('definitions', 'context') }}
),

final as (
    select
        today,
        refresh_id,
        refreshed_at
    from source
)

select * from final
