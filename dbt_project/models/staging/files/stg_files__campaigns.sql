{{ config(materialized='table') }}

-- It ranks over all rows of all files, and a model and a test read it.
with

places as (
    {{ files_places() }}
),

measures as (
    select
        channel,
        {{ files_account_id() }} as account_id,
        {{ files_campaign_id() }} as campaign_id,
        campaign_name,
        date,
        loaded_at
    from places
    where {{ files_campaign_id() }} <> ''
),

-- First the newest day, by grouping: ranking all rows of a campaign takes ten times as long.
newest_days as (
    select
        channel,
        account_id,
        campaign_id,
        max(date) as date
    from measures
    group by channel, account_id, campaign_id
),

named as (
    select
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        measures.campaign_name,
        row_number() over (
            partition by measures.channel, measures.account_id, measures.campaign_id
            order by measures.loaded_at desc, measures.campaign_name asc
        ) as newest_first
    from measures
    inner join newest_days
        on
            measures.channel = newest_days.channel
            and measures.account_id = newest_days.account_id
            and measures.campaign_id = newest_days.campaign_id
            and measures.date = newest_days.date
),

final as (
    select
        channel,
        account_id,
        campaign_id,
        coalesce(nullif(campaign_name, ''), campaign_id) as campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from named
    where newest_first = 1
)

select * from final
