with

final as (
    select
        kpi_id,
        event_id,
        title,
        title_texts,
        start_date,
        end_date,
        factor
    from {{ ref('int_events_matched') }}
)

select * from final
