with

final as (
    select
        period_id,
        title,
        kind,
        start_date,
        end_date
    from {{ source('definitions', 'periods') }}
)

select * from final
