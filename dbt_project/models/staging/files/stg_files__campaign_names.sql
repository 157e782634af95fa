{{ config(materialized='table') }}

-- It groups all rows of all files, and a model and a test read it.
with

places as (
    {{ files_places() }}
),

measures as (
    select
        channel,
        {{ files_account_id() }} as account_id,
        {{ files_campaign_id() }} as campaign_id,
        date,
        coalesce(nullif(campaign_name, ''), {{ files_campaign_id() }}) as campaign_name
    from places
    where {{ files_campaign_id() }} <> ''
),

-- Few campaigns change their name; of all others no day has to be looked at.
renamed as (
    select
        channel,
        account_id,
        campaign_id
    from measures
    group by channel, account_id, campaign_id
    having min(campaign_name) <> max(campaign_name)
),

final as (
    select
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        measures.date,
        max(measures.campaign_name) as campaign_name
    from measures
    inner join renamed
        on
            measures.channel = renamed.channel
            and measures.account_id = renamed.account_id
            and measures.campaign_id = renamed.campaign_id
    group by measures.channel, measures.account_id, measures.campaign_id, measures.date
)

select * from final
