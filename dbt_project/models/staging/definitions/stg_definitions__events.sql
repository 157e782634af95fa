with

source as (
    select * from {{ source('definitions', 'events') }}
),

final as (
    select
        event_id,
        title,
        title_texts,
        start_date,
        end_date,
        {{ to_double('factor') }} as factor
    from source
)

select * from final
