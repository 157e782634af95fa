{{ config(materialized='table') }}

-- It groups all rows of all files, and a model and a test read it.
with

measures as (
    {{ files_places() }}
),

{{ campaigns_of_files() }},

-- Only where names differ do rows have to be ranked.
ranked as (
    select
        campaigns.channel,
        campaigns.account_id,
        campaigns.campaign_id,
        coalesce(nullif(measures.campaign_name, ''), campaigns.campaign_id) as campaign_name,
        row_number() over (
            partition by campaigns.channel, campaigns.account_id, campaigns.campaign_id
            order by measures.loaded_at desc, measures.campaign_name asc
        ) as newest_first
    from measures
    inner join campaigns
        on
            campaigns.campaign_name <> campaigns.another_name
            and measures.channel = campaigns.channel
            and {{ files_account_id('measures') }} = campaigns.account_id
            and {{ files_campaign_id('measures') }} = campaigns.campaign_id
            and measures.date = campaigns.newest_day
),

final as (
    select
        campaigns.channel,
        campaigns.account_id,
        campaigns.campaign_id,
        coalesce(ranked.campaign_name, campaigns.campaign_name) as campaign_name,
        cast(null as {{ dbt.type_string() }}) as campaign_group_id,
        cast(null as {{ dbt.type_string() }}) as campaign_group_name,
        cast(null as {{ dbt.type_string() }}) as status
    from campaigns
    left join ranked
        on
            campaigns.channel = ranked.channel
            and campaigns.account_id = ranked.account_id
            and campaigns.campaign_id = ranked.campaign_id
            and ranked.newest_first = 1
)

select * from final
