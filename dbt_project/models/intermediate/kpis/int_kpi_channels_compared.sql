{{ config(materialized='table') }}

-- A ratio compares like with like: without a list of channels it counts those that report both its measures, as far as
-- any does; with a list it counts what is listed. The other way to count it is the other way round.
with

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
    where kind = 'ratio'
),

conditions as (
    select * from {{ ref('stg_definitions__kpi_conditions') }}
),

reported as (
    select distinct
        channel,
        measure
    from ({{ measures_of_kpis() }}) as measures
),

named as (
    select distinct channel from reported
),

unmet as (
    {{ conditions_unmet('named', 'conditions', keys=['channel'], fields=['channel']) }}
),

listed as (
    select distinct
        kpi_id,
        value as channel
    from conditions
    where field = 'channel' and operator = 'in'
),

concerned as (
    select
        kpis.kpi_id,
        reported.channel
    from kpis
    inner join reported
        on reported.measure in (kpis.numerator, kpis.denominator)
    left join unmet
        on kpis.kpi_id = unmet.kpi_id and reported.channel = unmet.channel
    where unmet.kpi_id is null

    union

    select
        kpis.kpi_id,
        listed.channel
    from kpis
    inner join listed
        on kpis.kpi_id = listed.kpi_id
),

reporting as (
    select
        concerned.kpi_id,
        concerned.channel,
        {{ any_row('reported.measure = kpis.numerator') }} as has_numerator,
        {{ any_row('reported.measure = kpis.denominator') }} as has_denominator,
        {{ any_row('listed.kpi_id is not null') }} as is_listed
    from concerned
    inner join kpis
        on concerned.kpi_id = kpis.kpi_id
    left join reported
        on concerned.channel = reported.channel
    left join listed
        on concerned.kpi_id = listed.kpi_id
    group by concerned.kpi_id, concerned.channel
),

whole as (
    select
        *,
        has_numerator and has_denominator as is_whole,
        count(*) over (partition by kpi_id) as channel_count,
        sum(case when has_numerator and has_denominator then 1 else 0 end) over (partition by kpi_id) as whole_count
    from reporting
),

final as (
    select
        kpi_id,
        channel,
        has_numerator,
        has_denominator,
        is_listed,
        whole_count between 1 and channel_count - 1 as differs,
        is_listed or is_whole or whole_count = 0 as is_counted,
        is_whole or not is_listed as is_counted_otherwise
    from whole
)

select * from final
