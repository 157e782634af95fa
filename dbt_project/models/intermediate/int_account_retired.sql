-- A refresh that reached all accounts of an API names them all: one it does not name is no longer read. File sources
-- can be loaded one by one, so the absence of an account says nothing there.
with

channels as (
    select * from {{ ref('stg_definitions__channels') }}
    where kind <> 'file'
),

loads as (
    select * from {{ ref('stg_ops__source_loads') }}
),

refreshes as (
    select
        loads.channel,
        loads.refresh_id,
        row_number() over (partition by loads.channel order by max(loads.ended_at) desc) as newest_first
    from loads
    inner join channels
        on loads.channel = channels.channel
    group by loads.channel, loads.refresh_id
    having
        {{ any_row("loads.account_id <> ''") }}
        and not {{ any_row("loads.account_id = '' and loads.state <> 'loaded'") }}
),

still_read as (
    select
        loads.channel,
        loads.account_id
    from loads
    inner join refreshes
        on
            loads.channel = refreshes.channel
            and loads.refresh_id = refreshes.refresh_id
            and refreshes.newest_first = 1
),

final as (
    select distinct
        loads.channel,
        loads.account_id
    from loads
    inner join refreshes
        on
            loads.channel = refreshes.channel
            and refreshes.newest_first = 1
    left join still_read
        on
            loads.channel = still_read.channel
            and loads.account_id = still_read.account_id
    where loads.account_id <> '' and still_read.account_id is null
)

select * from final
