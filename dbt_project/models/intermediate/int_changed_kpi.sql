{{ config(materialized='table') }}

-- From which day on each KPI has to be computed again. A stock's day depends on the days before it, so it is never
-- computed in part.
with

state_now as (
    select * from {{ ref('int_kpi_state') }}
),

state_before as (
    {{ transformed_before() }}
),

channels as (
    select * from {{ ref('int_changed_input') }}
),

campaigns as (
    select * from {{ ref('int_kpi_campaign') }}
),

moved as (
    select
        campaigns.kpi_id,
        min(channels.date_from) as date_from
    from channels
    inner join campaigns
        on channels.channel = campaigns.channel
    group by campaigns.kpi_id
),

final as (
    select
        state_now.kpi_id,
        case
            when state_before.digest = state_now.digest and state_now.kind <> 'stock' then moved.date_from
            else {{ from_the_beginning() }}
        end as date_from
    from state_now
    left join state_before
        on
            state_before.kind = 'kpi'
            and state_now.kpi_id = state_before.id
    left join moved
        on state_now.kpi_id = moved.kpi_id
    where
        moved.kpi_id is not null
        or state_before.id is null
        or state_before.digest <> state_now.digest
)

select * from final
