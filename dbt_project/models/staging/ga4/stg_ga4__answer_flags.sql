with

days as (
    select * from {{ source('ga4', 'property_daily') }}
),

final as (
    select
        'ga4' as channel,
        account_id,
        date,
        coalesce(is_thresholded, false) as is_withheld,
        coalesce(is_sampled, false) as is_sampled,
        coalesce(has_other_row, false) as is_grouped
    from days
)

select * from final
