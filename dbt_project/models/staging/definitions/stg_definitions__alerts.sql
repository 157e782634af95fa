with

source as (
    select * from {{ source('definitions', 'alerts') }}
),

final as (
    select
        kpi_id,
        is_daily
    from source
)

select * from final
