with

source as (
    select * from {{ source('definitions', 'event_scopes') }}
),

final as (
    select
        event_id,
        on_kind,
        on_id
    from source
)

select * from final
