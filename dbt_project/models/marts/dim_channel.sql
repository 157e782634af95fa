with

final as (
    select
        channel,
        title,
        kind,
        lookback_days
    from {{ ref('stg_definitions__channels') }}
)

select * from final
