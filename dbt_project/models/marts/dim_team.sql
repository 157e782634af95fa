with

final as (
    select
        team_id,
        title,
        title_texts
    from {{ source('definitions', 'teams') }}
)

select * from final
