with

source as (
    select * from {{ source('definitions', 'notes') }}
),

final as (
    select
        note_id,
        date,
        on_kind,
        on_id,
        text
    from source
)

select * from final
