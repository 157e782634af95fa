with

final as (
    select
        kpi_id,
        date,
        reason_code,
        subject,
        cast(days as {{ dbt.type_bigint() }}) as days,
        {{ to_double('value') }} as value,
        {{ to_double('low') }} as low,
        {{ to_double('high') }} as high,
        is_recent
    from {{ ref('int_alerts_raised') }}
)

select * from final
