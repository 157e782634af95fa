with

final as (
    select
        channel,
        title,
        kind,
        lookback_days,
        conversions,
        conversions_means,
        conversions_source,
        api_version,
        api_version_ends,
        api_version_is_estimate,
        api_announced,
        grain
    from {{ ref('stg_definitions__channels') }}
)

select * from final
