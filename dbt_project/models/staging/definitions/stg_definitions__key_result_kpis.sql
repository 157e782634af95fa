with

source as (
    select * from {{ source('definitions', 'key_result_kpis') }}
),

final as (
    select
        key_result_id,
        kpi_id,
        position
    from source
)

select * from final
