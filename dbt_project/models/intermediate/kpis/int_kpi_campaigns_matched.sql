{{ config(materialized='table') }}

with

measures as (
    select * from {{ ref('int_measures_converted') }}
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

measured as (
    select distinct
        channel,
        account_id,
        campaign_id,
        source_file
    from measures
),

named as (
    select
        measured.channel,
        measured.account_id,
        measured.campaign_id,
        measured.source_file,
        accounts.account_name,
        campaigns.campaign_name,
        campaigns.campaign_group_name
    from measured
    left join accounts
        on measured.channel = accounts.channel and measured.account_id = accounts.account_id
    left join campaigns
        on
            measured.channel = campaigns.channel
            and measured.account_id = campaigns.account_id
            and measured.campaign_id = campaigns.campaign_id
),

unmet as (
    {{ conditions_unmet(
        'named', 'conditions',
        keys=['channel', 'account_id', 'campaign_id', 'source_file'],
        fields=[
            'channel', 'account_id', 'account_name', 'campaign_group_name', 'campaign_id', 'campaign_name', 'source_file'
        ],
    ) }}
),

final as (
    select
        kpis.kpi_id,
        named.channel,
        named.account_id,
        named.campaign_id,
        named.source_file
    from kpis
    cross join named
    left join unmet
        on
            kpis.kpi_id = unmet.kpi_id
            and named.channel = unmet.channel
            and named.account_id = unmet.account_id
            and named.campaign_id = unmet.campaign_id
            and named.source_file = unmet.source_file
    where unmet.kpi_id is null
)

select * from final
