{{ config(materialized='table') }}

-- It groups all rows of all files, and a model and a test read it. Few campaigns change their name; of all others no
-- day has to be looked at.
with

measures as (
    {{ files_places() }}
),

{{ campaigns_of_files() }},

final as (
    select
        campaigns.channel,
        campaigns.account_id,
        campaigns.campaign_id,
        measures.date,
        max(coalesce(nullif(measures.campaign_name, ''), campaigns.campaign_id)) as campaign_name
    from measures
    inner join campaigns
        on
            campaigns.campaign_name <> campaigns.another_name
            and measures.channel = campaigns.channel
            and {{ files_account_id('measures') }} = campaigns.account_id
            and {{ files_campaign_id('measures') }} = campaigns.campaign_id
    group by campaigns.channel, campaigns.account_id, campaigns.campaign_id, measures.date
)

select * from final
