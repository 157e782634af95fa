with

source as (
    select * from {{ source('definitions', 'channels') }}
),

final as (
    select
        channel,
        title,
        kind,
        lookback_days,
        coalesce(is_off, false) as is_off,
        coalesce(is_file, false) as is_file,
        conversions,
        conversions_means,
        conversions_source,
        conversions_from,
        conversion_value_from,
        leads_from,
        counted_by,
        api_version,
        api_version_ends,
        api_version_is_estimate,
        api_announced,
        coalesce(grain, 'day') as grain
    from source
)

select * from final
