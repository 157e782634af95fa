with

final as (
    select
        period_id,
        title,
        kind,
        start_date,
        end_date
    from {{ ref('stg_definitions__periods') }}
)

select * from final
