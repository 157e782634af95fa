with

intervals as (
    select * from {{ source('ga4', 'users_by_interval') }}
),

final as (
    select
        'ga4' as channel,
        account_id,
        interval_start as start_date,
        date as end_date,
        'users' as measure,
        {{ to_amount('users') }} as value,
        loaded_at
    from intervals
)

select * from final
