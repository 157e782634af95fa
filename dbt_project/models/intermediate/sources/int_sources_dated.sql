{{ config(materialized='table', tags=['every_refresh']) }}

with

sources as (
    select * from {{ ref('int_sources_loaded') }}
),

failed as (
    select * from {{ ref('int_sources_failed') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

-- An account of files reaches as far as the measure that reaches least; what has ended holds nothing back.
covered as (
    select
        channel,
        account_id,
        min(case when state <> 'ended' then data_through end) as live_through,
        max(data_through) as any_through,
        {{ any_row("state = 'stale'") }} as is_stale,
        {{ any_row("state <> 'ended'") }} as is_live
    from {{ ref('int_file_measures_covered') }}
    group by channel, account_id
),

known as (
    select
        sources.*,
        failed.failing_since,
        covered.is_stale,
        covered.is_live,
        covered.channel is not null as has_rows,
        case
            when sources.is_file and covered.channel is not null
                then coalesce(covered.live_through, covered.any_through)
            else sources.data_through
        end as known_through
    from sources
    left join failed
        on sources.channel = failed.channel and sources.account_id = failed.account_id
    left join covered
        on
            sources.is_file
            and sources.channel = covered.channel
            and sources.account_id = covered.account_id
),

-- What an unreadable clock or a vendor's forecast says about today and later is not closed yet.
closed as (
    select
        known.*,
        context.today,
        settings.gate_stale_after_days,
        case
            when known.known_through < context.today then known.known_through
            when known.known_through is not null then {{ add_days('context.today', -1) }}
        end as closed_through
    from known
    cross join context
    cross join settings
),

final as (
    select
        channel,
        account_id,
        is_file,
        closed_through as data_through,
        last_load_at,
        last_error,
        note,
        unknown_measures,
        failing_since,
        case
            when is_off then 'off'
            when load_state <> 'loaded' then load_state
            when is_ended or not is_live then 'ended'
            when is_stale then 'stale'
            -- an API's reports may lag a little
            when not is_file and closed_through < {{ add_days('today', '-1 - gate_stale_after_days') }} then 'stale'
            when closed_through is null and not (is_file and has_rows) then 'never_loaded'
            else 'fresh'
        end as state,
        case
            when lookback_days > 0 and closed_through is not null
                then {{ add_days('closed_through', '1 - lookback_days') }}
        end as provisional_from
    from closed
)

select * from final
