with

source as (
    select * from {{ source('definitions', 'objectives') }}
),

final as (
    select
        objective_id,
        position,
        title,
        title_texts,
        description,
        period_id,
        team_id,
        owner,
        parent_id,
        ambition,
        approved_by,
        approved_on
    from source
)

select * from final
