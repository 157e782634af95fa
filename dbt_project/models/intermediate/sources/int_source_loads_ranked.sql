-- A failure of a whole channel (account '') concerns each of its accounts, a success only the account it names.
with

accounts as (
    select * from {{ ref('int_accounts_known') }}
),

loads as (
    select * from {{ ref('stg_ops__source_loads') }}
),

joined as (
    select
        accounts.channel,
        accounts.account_id,
        loads.refresh_id,
        loads.ended_at,
        loads.data_through,
        loads.error,
        loads.note,
        loads.unknown_measures,
        loads.state <> 'loaded' as is_bad,
        loads.state <> 'failed' and loads.account_id = accounts.account_id as is_good
    from accounts
    inner join loads
        on
            accounts.channel = loads.channel
            and (
                accounts.account_id = loads.account_id
                or (loads.account_id = '' and loads.state <> 'loaded')
            )
),

refresh_ends as (
    select
        channel,
        account_id,
        refresh_id,
        max(ended_at) as refresh_ended_at
    from joined
    group by channel, account_id, refresh_id
),

final as (
    select
        joined.*,
        rank() over (
            partition by joined.channel, joined.account_id
            order by refresh_ends.refresh_ended_at desc, joined.refresh_id desc
        ) as refresh_age
    from joined
    inner join refresh_ends
        on
            joined.channel = refresh_ends.channel
            and joined.account_id = refresh_ends.account_id
            and joined.refresh_id = refresh_ends.refresh_id
)

select * from final
