with

source as (
    select * from {{ source('definitions', 'mutes') }}
),

final as (
    select
        kpi_id,
        muted_through
    from source
)

select * from final
