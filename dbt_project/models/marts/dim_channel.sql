with

final as (
    select
        channel,
        title,
        kind,
        lookback_days
    from {{ source('definitions', 'channels') }}
)

select * from final
