with

source as (
    select * from {{ source('definitions', 'kpi_conditions') }}
),

final as (
    select
        kpi_id,
        condition_no,
        field,
        operator,
        value
    from source
)

select * from final
