with

source as (
    select * from {{ source('definitions', 'teams') }}
),

final as (
    select
        team_id,
        title,
        title_texts
    from source
)

select * from final
