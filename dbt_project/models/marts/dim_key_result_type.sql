with

final as (
    select
        type,
        position,
        shape,
        about,
        better,
        is_held,
        is_paced,
        is_share,
        reads,
        forecast_side,
        progress
    from {{ ref('stg_definitions__key_result_types') }}
)

select * from final
