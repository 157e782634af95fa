with

accounts as (
    select * from {{ source('search_console', 'accounts') }}
),

-- Another property holds the same numbers.
held as (
    select id from accounts
    where held_by is not null
),

days as (
    select
        date,
        account_id,
        '' as campaign_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        clicks,
        impressions,
        position_weighted,
        loaded_at
    from {{ source('search_console', 'site_daily') }}
    where account_id not in (select held.id from held)
),

final as (
    {{ unpivot_measures('search_console', 'days', {
        'clicks': 'clicks',
        'impressions': 'impressions',
        'position_weighted': 'position_weighted',
    }) }}
)

select * from final
