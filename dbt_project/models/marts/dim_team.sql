with

final as (
    select
        team_id,
        title,
        title_texts
    from {{ ref('stg_definitions__teams') }}
)

select * from final
