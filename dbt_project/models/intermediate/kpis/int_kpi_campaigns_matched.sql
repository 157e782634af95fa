{{ config(materialized='table') }}

with

measured as (
    select distinct
        channel,
        account_id,
        campaign_id,
        source_file
    from ({{ measures_of_kpis() }}) as measures
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

names as (
    select * from {{ ref('int_campaign_names_spanned') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

-- Rows of no campaign have no name, on any day.
named as (
    select
        measured.*,
        accounts.account_name,
        names.campaign_name,
        campaigns.campaign_group_name,
        coalesce(names.names_of, 'any') as names_of,
        coalesce(names.valid_from, cast('1900-01-01' as date)) as valid_from,
        coalesce(names.next_from, cast('9999-12-31' as date)) as next_from
    from measured
    left join accounts
        on measured.channel = accounts.channel and measured.account_id = accounts.account_id
    left join campaigns
        on
            measured.channel = campaigns.channel and measured.account_id = campaigns.account_id
            and measured.campaign_id = campaigns.campaign_id
    left join names
        on
            measured.channel = names.channel and measured.account_id = names.account_id
            and measured.campaign_id = names.campaign_id
),

channels_unmet as (
    {{ conditions_unmet('(select distinct channel from named)', 'conditions', keys=['channel'], fields=['channel']) }}
),

-- Most KPIs name their channels; the other conditions have to be tried on little then.
candidates as (
    select
        kpis.kpi_id,
        named.*
    from kpis
    inner join named
        on named.names_of in (kpis.names_of, 'any')
    left join channels_unmet
        on kpis.kpi_id = channels_unmet.kpi_id and named.channel = channels_unmet.channel
    where channels_unmet.kpi_id is null
),

unmet as (
    {{ conditions_unmet(
        'candidates', 'conditions', of_kpis=true,
        keys=['channel', 'account_id', 'campaign_id', 'source_file', 'valid_from'],
        fields=['account_id', 'account_name', 'campaign_group_name', 'campaign_id', 'campaign_name', 'source_file'],
    ) }}
),

final as (
    select
        candidates.kpi_id,
        candidates.channel,
        candidates.account_id,
        candidates.campaign_id,
        candidates.source_file,
        candidates.valid_from,
        candidates.next_from
    from candidates
    left join unmet
        on
            candidates.kpi_id = unmet.kpi_id and candidates.valid_from = unmet.valid_from
            and candidates.channel = unmet.channel and candidates.account_id = unmet.account_id
            and candidates.campaign_id = unmet.campaign_id and candidates.source_file = unmet.source_file
    where unmet.kpi_id is null
)

select * from final
