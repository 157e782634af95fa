with

source as (
    select * from {{ source('definitions', 'key_result_types') }}
),

final as (
    select
        type,
        position,
        shape,
        about,
        better,
        is_held,
        is_paced,
        needs_dates,
        is_share,
        reads,
        limit_low_from,
        limit_high_from,
        size_start,
        size_sign,
        forecast_side,
        progress
    from source
)

select * from final
