with

source as (
    select * from {{ source('definitions', 'channels') }}
),

final as (
    select
        channel,
        title,
        kind,
        lookback_days
    from source
)

select * from final
