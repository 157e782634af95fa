with

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

loads as (
    select * from {{ ref('stg_ops__source_loads') }}
),

staged as (
    {{ union_channels('accounts') }}
),

retired as (
    select * from {{ ref('int_account_retired') }}
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
        channels.kind,
        channels.lookback_days,
        channels.is_off,
        coalesce(seen.account_id, '') as account_id,
        retired.account_id is not null as is_ended
    from channels
    left join seen
        on channels.channel = seen.channel
    left join retired
        on
            seen.channel = retired.channel
            and seen.account_id = retired.account_id
)

select * from final
