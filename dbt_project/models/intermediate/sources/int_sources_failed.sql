with

events as (
    select * from {{ ref('int_source_loads_ranked') }}
),

publications as (
    select * from {{ ref('stg_ops__publications') }}
),

whole as (
    select
        channel,
        account_id,
        refresh_age
    from events
    group by channel, account_id, refresh_age
    having not {{ any_row('is_bad') }}
),

newest_whole as (
    select
        channel,
        account_id,
        min(refresh_age) as refresh_age
    from whole
    group by channel, account_id
),

final as (
    select
        events.channel,
        events.account_id,
        min(publications.published_on) as failing_since
    from events
    inner join publications
        on events.refresh_id = publications.refresh_id
    left join newest_whole
        on events.channel = newest_whole.channel and events.account_id = newest_whole.account_id
    where newest_whole.channel is null or events.refresh_age < newest_whole.refresh_age
    group by events.channel, events.account_id
)

select * from final
