with

source as (
    select * from {{ source('definitions', 'people') }}
),

final as (
    select
        name,
        person_id,
        title
    from source
)

select * from final
