with

final as (
    select
        key_result_id,
        kpi_id,
        position
    from {{ ref('stg_definitions__key_result_kpis') }}
)

select * from final
