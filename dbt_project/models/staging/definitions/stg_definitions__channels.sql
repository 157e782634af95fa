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
        coalesce(is_off, false) as is_off
    from source
)

select * from final
