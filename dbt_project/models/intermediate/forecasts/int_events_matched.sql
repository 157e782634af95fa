-- Which KPIs an event touches. A channel's factor is a KPI's only where all that the KPI counts comes from the channels
-- named; else nobody knows how much of it, and it widens.
with

events as (
    select * from {{ ref('stg_definitions__events') }}
),

scopes as (
    select * from {{ ref('stg_definitions__event_scopes') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

kpi_channels as (
    select distinct
        kpi_id,
        channel
    from {{ ref('int_kpi_sources_matched') }}
),

counted as (
    select
        kpi_channels.kpi_id,
        events.event_id,
        count(*) as channels,
        count(scopes.on_id) as channels_named
    from kpi_channels
    cross join events
    left join scopes
        on events.event_id = scopes.event_id and scopes.on_kind = 'channel' and kpi_channels.channel = scopes.on_id
    group by kpi_channels.kpi_id, events.event_id
),

named as (
    select
        event_id,
        {{ any_row("on_kind = 'kpi'") }} as names_kpis
    from scopes
    group by event_id
),

final as (
    select
        events.event_id,
        kpis.kpi_id,
        events.title,
        events.title_texts,
        events.start_date,
        events.end_date,
        case
            when named.event_id is null or named.names_kpis or counted.channels_named = counted.channels
                then events.factor
        end as factor
    from events
    cross join kpis
    left join named
        on events.event_id = named.event_id
    left join scopes
        on events.event_id = scopes.event_id and scopes.on_kind = 'kpi' and kpis.kpi_id = scopes.on_id
    left join counted
        on events.event_id = counted.event_id and kpis.kpi_id = counted.kpi_id
    where
        named.event_id is null
        or scopes.on_id is not null
        or (not named.names_kpis and counted.channels_named > 0)
)

select * from final
