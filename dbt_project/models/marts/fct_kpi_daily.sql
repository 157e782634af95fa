with

final as (
    select
        kpi_id,
        date,
        numerator,
        denominator,
        value,
        is_provisional
    from {{ ref('int_kpi_days_summed') }}
)

select * from final
