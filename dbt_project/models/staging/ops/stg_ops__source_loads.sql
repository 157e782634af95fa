with

source as (
    select * from {{ source('ops', 'source_loads') }}
),

final as (
    select
        refresh_id,
        channel,
        account_id,
        started_at,
        ended_at,
        state,
        rows,
        window_from,
        window_to,
        data_through,
        error,
        load_id,
        note,
        unknown_measures
    from source
)

select * from final
