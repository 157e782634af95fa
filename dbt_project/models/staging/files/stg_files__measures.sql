with

measures as (
    {{ files_measures() }}
),

-- Days that a newer file of the same source has.
superseded as (
    select distinct
        source_id,
        source_file,
        account_id,
        campaign_id,
        date
    from {{ source('files', 'superseded_days') }}
),

-- The loader has summed what a file says of one day and campaign.
final as (
    select
        measures.date,
        measures.channel,
        coalesce(measures.account_id, '') as account_id,
        coalesce(nullif(measures.campaign_id, ''), measures.campaign_name, '') as campaign_id,
        measures.source_id,
        measures.source_file,
        measures.measure,
        measures.value as value_local,
        upper(measures.currency) as currency,
        measures.loaded_at
    from measures
    left join superseded
        on
            measures.source_id = superseded.source_id
            and measures.source_file = superseded.source_file
            and measures.date = superseded.date
            and measures.account_id = superseded.account_id
            and measures.campaign_id = superseded.campaign_id
    where superseded.source_id is null
)

select * from final
