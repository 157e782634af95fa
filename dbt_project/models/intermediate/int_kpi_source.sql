-- Conditions on campaigns and files do not narrow the sources: a campaign that began later was still waited for.
with

sources as (
    select * from {{ ref('int_source_freshness') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
),

measures as (
    select * from {{ ref('int_measure_daily') }}
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
        accounts.account_name
    from sources
    left join accounts
        on sources.channel = accounts.channel and sources.account_id = accounts.account_id
),

unmet as (
    {{ conditions_unmet(
        'named', 'conditions',
        keys=['channel', 'account_id'],
        fields=['channel', 'account_id', 'account_name'],
    ) }}
),

brought as (
    select distinct
        channel,
        measure
    from measures
),

asked_for as (
    select
        kpis.kpi_id,
        conditions.value as channel
    from kpis
    inner join conditions
        on kpis.kpi_id = conditions.kpi_id
    where conditions.field = 'channel' and conditions.operator = 'in'

    union

    select
        kpis.kpi_id,
        brought.channel
    from kpis
    inner join brought
        on brought.measure in (kpis.measure, kpis.numerator, kpis.denominator)
),

final as (
    select
        asked_for.kpi_id,
        named.channel,
        named.account_id,
        named.state,
        named.data_through,
        named.provisional_from,
        named.last_load_at
    from asked_for
    inner join named
        on asked_for.channel = named.channel
    left join unmet
        on
            asked_for.kpi_id = unmet.kpi_id
            and named.channel = unmet.channel
            and named.account_id = unmet.account_id
    where unmet.kpi_id is null
)

select * from final
