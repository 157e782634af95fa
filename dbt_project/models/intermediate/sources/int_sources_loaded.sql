with

accounts as (
    select * from {{ ref('int_accounts_known') }}
),

events as (
    select * from {{ ref('int_source_loads_ranked') }}
),

last_refresh as (
    select
        channel,
        account_id,
        {{ any_row('is_good') }} as has_good,
        {{ any_row('is_bad') }} as has_bad,
        max(case when is_bad then error end) as last_error,
        max(note) as note,
        max(unknown_measures) as unknown_measures
    from events
    where refresh_age = 1
    group by channel, account_id
),

-- An API's days add up over its loads; a file says by itself, each time, how far it goes.
good_loads as (
    select
        channel,
        account_id,
        max(data_through) as furthest_day,
        max(ended_at) as last_load_at,
        min(case when data_through is not null then refresh_age end) as newest_age
    from events
    where is_good
    group by channel, account_id
),

newest_loads as (
    select
        good_loads.channel,
        good_loads.account_id,
        max(events.data_through) as newest_day
    from good_loads
    inner join events
        on
            good_loads.channel = events.channel
            and good_loads.account_id = events.account_id
            and good_loads.newest_age = events.refresh_age
            and events.is_good
    group by good_loads.channel, good_loads.account_id
),

final as (
    select
        accounts.channel,
        accounts.account_id,
        accounts.is_file,
        accounts.lookback_days,
        accounts.is_ended,
        accounts.is_off,
        case
            when last_refresh.channel is null then 'never_loaded'
            when not last_refresh.has_good then 'failed'
            when last_refresh.has_bad then 'partial'
            else 'loaded'
        end as load_state,
        case when accounts.is_file then newest_loads.newest_day else good_loads.furthest_day end as data_through,
        good_loads.last_load_at,
        last_refresh.last_error,
        last_refresh.note,
        last_refresh.unknown_measures
    from accounts
    left join last_refresh
        on accounts.channel = last_refresh.channel and accounts.account_id = last_refresh.account_id
    left join good_loads
        on accounts.channel = good_loads.channel and accounts.account_id = good_loads.account_id
    left join newest_loads
        on accounts.channel = newest_loads.channel and accounts.account_id = newest_loads.account_id
)

select * from final
