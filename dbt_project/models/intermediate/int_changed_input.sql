{{ config(materialized='table') }}

-- From which day on each channel's numbers have to be computed again, where anything behind them changed.
with

state_now as (
    select * from {{ ref('int_input_state') }}
),

state_before as (
    {{ transformed_before() }}
),

accounts as (
    {{ union_channels('accounts') }}
),

inputs_before as (
    select * from state_before
    where kind in ('settings', 'rate', 'load', 'whole', 'provisional')
),

changes as (
    select
        coalesce(state_now.channel, inputs_before.channel) as channel,
        case
            when state_now.date_from is null or inputs_before.date_from < state_now.date_from
                then inputs_before.date_from
            else state_now.date_from
        end as date_from
    from state_now
    full outer join inputs_before
        on
            state_now.kind = inputs_before.kind
            and state_now.id = inputs_before.id
    where
        state_now.id is null
        or inputs_before.id is null
        or state_now.digest <> inputs_before.digest
),

channels as (
    select channel from accounts
    union
    select channel from state_now
    union
    select channel from inputs_before
),

final as (
    select
        channels.channel,
        min(changes.date_from) as date_from
    from channels
    inner join changes
        on changes.channel in (channels.channel, '')
    where channels.channel <> ''
    group by channels.channel
)

select * from final
