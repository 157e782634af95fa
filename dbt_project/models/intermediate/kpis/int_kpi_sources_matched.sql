{{ config(materialized='table') }}

-- Conditions on campaigns and files do not narrow the sources: a campaign that began later was still waited for. An
-- account reaches as far as the measure of the KPI that reaches least, of those it ever reported. Of a measure that the
-- vendor does not report it reaches no further than its last row: what is not reported is not 0.
with

sources as (
    {{ sources_of_kpis() }}
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

named as (
    select
        sources.channel,
        sources.account_id,
        sources.state,
        sources.data_through,
        sources.provisional_from,
        sources.last_load_at,
        sources.is_file,
        sources.unknown_measures,
        sources.failing_since,
        channels.conversion_value_from,
        accounts.account_name
    from sources
    left join accounts
        on sources.channel = accounts.channel and sources.account_id = accounts.account_id
    left join channels
        on sources.channel = channels.channel
),

unmet as (
    {{ conditions_unmet(
        'named', 'conditions',
        keys=['channel', 'account_id'],
        fields=['channel', 'account_id', 'account_name'],
    ) }}
),

reported as (
    select * from {{ ref('int_measures_reported') }}
),

-- A ratio waits for the channels that it counts.
left_out as (
    select * from {{ ref('int_kpi_channels_compared') }}
    where not is_counted
),

parts as (
    select distinct
        kpi_id,
        measure
    from {{ ref('int_kpi_parts_listed') }}
),

covered as (
    select * from {{ ref('int_file_measures_covered') }}
),

reached as (
    select
        parts.kpi_id,
        named.channel,
        named.account_id,
        min(
            case
                when coalesce(covered.state, named.state) <> 'ended'
                    then coalesce(covered.data_through, named.data_through)
            end
        ) as live_through,
        max(coalesce(covered.data_through, named.data_through)) as any_through,
        {{ any_row("covered.state = 'stale'") }} as is_stale,
        {{ any_row("coalesce(covered.state, named.state) <> 'ended'") }} as is_live
    from parts
    inner join reported
        on parts.measure = reported.measure
    inner join named
        on reported.channel = named.channel and reported.account_id = named.account_id
    left join covered
        on
            named.is_file
            and reported.channel = covered.channel
            and reported.account_id = covered.account_id
            and reported.measure = covered.measure
    group by parts.kpi_id, named.channel, named.account_id
),

unreported as (
    select
        parts.kpi_id,
        named.channel,
        named.account_id,
        case when count(reported.last_day) = count(*) then min(reported.last_day) end as last_day
    from parts
    inner join named
        on
            {{ is_listed('parts.measure', 'named.unknown_measures') }}
            or (parts.measure = 'conversion_value' and named.conversion_value_from = '')
    left join reported
        on
            named.channel = reported.channel
            and named.account_id = reported.account_id
            and parts.measure = reported.measure
    group by parts.kpi_id, named.channel, named.account_id
),

kpi_channels as (
    select
        kpis.kpi_id,
        conditions.value as channel
    from kpis
    inner join conditions
        on kpis.kpi_id = conditions.kpi_id
    where conditions.field = 'channel' and conditions.operator = 'in'

    union

    select distinct
        kpis.kpi_id,
        reported.channel
    from kpis
    inner join reported
        on reported.measure in (kpis.measure, kpis.numerator, kpis.denominator)
),

final as (
    select
        kpi_channels.kpi_id,
        named.channel,
        named.account_id,
        case
            when named.state not in ('fresh', 'stale', 'ended') or reached.kpi_id is null then named.state
            when not reached.is_live then 'ended'
            when named.is_file then case when reached.is_stale then 'stale' else 'fresh' end
            else named.state
        end as state,
        case
            when unreported.kpi_id is not null then unreported.last_day
            else coalesce(reached.live_through, reached.any_through, named.data_through)
        end as data_through,
        reached.kpi_id is not null as has_reported,
        named.provisional_from,
        named.failing_since,
        named.last_load_at
    from kpi_channels
    inner join named
        on kpi_channels.channel = named.channel
    left join reached
        on
            kpi_channels.kpi_id = reached.kpi_id
            and named.channel = reached.channel
            and named.account_id = reached.account_id
    left join unreported
        on
            kpi_channels.kpi_id = unreported.kpi_id
            and named.channel = unreported.channel and named.account_id = unreported.account_id
    left join unmet
        on
            kpi_channels.kpi_id = unmet.kpi_id
            and named.channel = unmet.channel and named.account_id = unmet.account_id
    left join left_out
        on kpi_channels.kpi_id = left_out.kpi_id and named.channel = left_out.channel
    where unmet.kpi_id is null and left_out.kpi_id is null
)

select * from final
