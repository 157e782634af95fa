with

final as (
    select
        key_result_id,
        kpi_id,
        position
    from {{ source('definitions', 'key_result_kpis') }}
)

select * from final
