with

final as (
    select
        note_id,
        date,
        on_kind,
        on_id,
        text
    from {{ ref('stg_definitions__notes') }}
)

select * from final
