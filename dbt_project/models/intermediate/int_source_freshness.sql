{{ config(materialized='table', tags=['every_refresh']) }}

with

sources as (
    select * from {{ ref('int_source') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

-- What an unreadable clock or a vendor's forecast says about today and later is not closed yet.
closed as (
    select
        sources.*,
        context.today,
        settings.gate_stale_after_days,
        case
            when sources.data_through < context.today then sources.data_through
            when sources.data_through is not null then {{ add_days('context.today', -1) }}
        end as closed_through
    from sources
    cross join context
    cross join settings
),

final as (
    select
        channel,
        account_id,
        closed_through as data_through,
        last_load_at,
        last_error,
        case
            when load_state <> 'loaded' then load_state
            -- an API's reports may lag a little; a file simply ends
            when kind <> 'file' and closed_through < {{ add_days('today', '-1 - gate_stale_after_days') }} then 'stale'
            when closed_through is null then 'never_loaded'
            else 'fresh'
        end as state,
        case
            when lookback_days > 0 and closed_through is not null
                then {{ add_days('closed_through', '1 - lookback_days') }}
        end as provisional_from
    from closed
)

select * from final
