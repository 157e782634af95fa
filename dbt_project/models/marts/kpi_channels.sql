with

final as (
    select
        kpi_id,
        channel,
        is_counted,
        is_listed,
        has_numerator,
        has_denominator,
        differs
    from {{ ref('int_kpi_channels_compared') }}
)

select * from final
