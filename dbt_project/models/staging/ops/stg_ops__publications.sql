with

source as (
    select * from {{ source('ops', 'publications') }}
),

final as (
    select
        refresh_id,
        published_on,
        published_at,
        release_id
    from source
)

select * from final
