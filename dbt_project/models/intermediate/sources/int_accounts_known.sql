-- A refresh that reached all accounts of an API names them all: one it does not name is no longer read. File sources
-- can be loaded one by one, so the absence of an account says nothing there.
with

-- Models of the workspace are no accounts of a vendor: int_model_sources_dated lists them.
channels as (
    select * from {{ ref('stg_definitions__channels') }}
    where channel <> '{{ var("own_models_channel") }}'
),

loads as (
    select * from {{ ref('stg_ops__source_loads') }}
),

staged as (
    {{ union_channels('accounts') }}
),

refreshes as (
    select
        loads.channel,
        loads.refresh_id,
        row_number() over (partition by loads.channel order by max(loads.ended_at) desc) as newest_first
    from loads
    inner join channels
        on loads.channel = channels.channel and not channels.is_file
    group by loads.channel, loads.refresh_id
    having
        {{ any_row("loads.account_id <> ''") }}
        and not {{ any_row("loads.account_id = '' and loads.state <> 'loaded'") }}
),

named as (
    select
        loads.channel,
        loads.account_id,
        {{ any_row('loads.refresh_id = refreshes.refresh_id') }} as is_read
    from loads
    inner join refreshes
        on loads.channel = refreshes.channel and refreshes.newest_first = 1
    where loads.account_id <> ''
    group by loads.channel, loads.account_id
),

seen as (
    select
        channel,
        account_id
    from staged

    union

    select
        channel,
        account_id
    from loads
    where account_id <> '' or state = 'loaded'
),

-- A channel that is on and never showed an account still has its row, with account ''.
final as (
    select
        channels.channel,
        channels.is_file,
        channels.lookback_days,
        channels.is_off,
        coalesce(seen.account_id, '') as account_id,
        not coalesce(named.is_read, true) as is_ended
    from channels
    left join seen
        on channels.channel = seen.channel
    left join named
        on seen.channel = named.channel and seen.account_id = named.account_id
)

select * from final
