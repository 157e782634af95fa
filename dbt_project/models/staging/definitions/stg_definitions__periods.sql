with

source as (
    select * from {{ source('definitions', 'periods') }}
),

final as (
    select
        period_id,
        title,
        kind,
        start_date,
        end_date
    from source
)

select * from final
