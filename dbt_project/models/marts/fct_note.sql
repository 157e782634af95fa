with

final as (
    select
        note_id,
        date,
        on_kind,
        on_id,
        text
    from {{ source('definitions', 'notes') }}
)

select * from final
