with

final as (
    select
        channel,
        title,
        kind,
        lookback_days,
        conversions,
        conversions_means,
        conversions_source
    from {{ ref('stg_definitions__channels') }}
)

select * from final
