with

final as (
    select
        kpi_id,
        date,
        numerator,
        denominator
    from {{ ref('int_kpi_days_otherwise_summed') }}
)

select * from final
