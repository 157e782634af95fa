{{ config(materialized='table') }}

-- Of several causes the first below is named: what people changed, then what sources did.
{% set names = "('campaign_name', 'campaign_group_name', 'account_name')" %}

with

closed as (
    select * from {{ ref('int_key_result_closed') }}
),

defined as (
    select * from {{ ref('int_key_results_dated') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

known as (
    select * from {{ ref('int_key_results_known') }}
),

matched as (
    {{ campaigns_of_kpis() }}
),

measures as (
    {{ measures_of_kpis() }}
),

parts as (
    select * from {{ ref('int_kpi_parts_listed') }}
),

campaigns_then as (
    select * from {{ ref('int_campaign_closed') }}
),

reporting as (
    select distinct
        kpi_id,
        channel,
        account_id
    from {{ ref('int_kpi_sources_matched') }}
    where has_reported and state <> 'off'
),

named as (
    select distinct kpi_id
    from {{ ref('stg_definitions__kpi_conditions') }}
    where field in {{ names }}
),

paired as (
    select
        closed.*,
        defined.key_result_id is not null as is_defined,
        known.value as value_now,
        known.score as score_now,
        known.target as target_now,
        defined.plan_kpi_id,
        case when defined.key_result_id is not null then coalesce(known.status, 'no_data') end as status_now,
        defined.definition_signature as definition_signature_now,
        defined.signature as signature_now,
        kpis.signature as kpi_signature_now
    from closed
    left join defined
        on closed.key_result_id = defined.key_result_id and closed.period_id = defined.period_id
    left join known
        on defined.key_result_id = known.key_result_id
    left join kpis
        on defined.kpi_id = kpis.kpi_id
),

compared as (
    select
        *,
        {{ differs('value', 'value_now') }} or {{ differs('score', 'score_now') }} as is_moved,
        {{ differs('status', 'status_now', numbers=false) }} as is_judged_anew
    from paired
),

-- The campaigns of then: on how many days they are there at all now, and on how many the KPI counts them.
days_now as (
    select
        moved.key_result_id,
        moved.period_id,
        moved.closing,
        moved.kpi_id,
        campaigns_then.channel,
        campaigns_then.account_id,
        campaigns_then.days as days_then,
        campaigns_then.campaign_id = campaigns_then.campaign_name as is_called_by_id,
        count(distinct measures.date) as days_there,
        count(distinct case when matched.kpi_id is not null then measures.date end) as days_counted
    from compared as moved
    inner join campaigns_then
        on
            moved.key_result_id = campaigns_then.key_result_id
            and moved.period_id = campaigns_then.period_id
            and moved.closing = campaigns_then.closing
    inner join parts
        on moved.kpi_id = parts.kpi_id
    left join measures
        on
            parts.measure = measures.measure and campaigns_then.channel = measures.channel
            and campaigns_then.account_id = measures.account_id
            and campaigns_then.campaign_id = measures.campaign_id
            and measures.date between moved.period_start and moved.period_end
    left join matched
        on
            moved.kpi_id = matched.kpi_id
            and measures.channel = matched.channel
            and measures.account_id = matched.account_id
            and measures.campaign_id = matched.campaign_id
            and measures.source_file = matched.source_file
            and measures.date >= matched.valid_from and measures.date < matched.next_from
    where moved.is_moved and moved.kpi_id is not null
    group by
        moved.key_result_id, moved.period_id, moved.closing, moved.kpi_id, campaigns_then.channel,
        campaigns_then.account_id, campaigns_then.campaign_id, campaigns_then.campaign_name, campaigns_then.days
),

lost as (
    select
        days_now.key_result_id,
        days_now.period_id,
        days_now.closing,
        {{ any_row('reporting.kpi_id is null') }} as is_gone,
        -- A file without ids has names for ids: one that is gone is called otherwise now.
        {{ any_row('days_then > days_counted and (days_there >= days_then or (days_there = 0 and is_called_by_id))') }}
        as is_renamed
    from days_now
    left join reporting
        on
            days_now.kpi_id = reporting.kpi_id
            and days_now.channel = reporting.channel and days_now.account_id = reporting.account_id
    group by days_now.key_result_id, days_now.period_id, days_now.closing
),

final as (
    select
        compared.key_result_id,
        compared.period_id,
        compared.closing,
        compared.closed_on,
        compared.origin,
        compared.objective_id,
        compared.weight,
        compared.title,
        compared.title_texts,
        compared.type,
        compared.kpi_id,
        compared.unit,
        compared.owner,
        compared.team_id,
        compared.value,
        compared.value_so_far,
        compared.waits_for,
        compared.baseline,
        compared.target,
        compared.low,
        compared.high,
        compared.progress,
        compared.score,
        compared.status,
        compared.reason_code,
        compared.definition,
        compared.kpi_definition,
        compared.reopened_on,
        compared.reopened_by,
        compared.reopen_reason,
        compared.value_now,
        compared.score_now,
        compared.status_now,
        case
            when not compared.is_moved and not compared.is_judged_anew then null
            when not compared.is_defined then 'definition'
            when compared.definition_signature_now <> compared.definition_signature then 'definition'
            when {{ differs('compared.kpi_signature', 'compared.kpi_signature_now', numbers=false) }} then 'definition'
            when compared.signature_now <> compared.signature then 'target'
            when compared.plan_kpi_id is not null and coalesce(compared.target <> compared.target_now, true)
                then 'target'
            when not compared.is_moved then 'definition'
            when compared.kpi_id is null then 'check_in'
            when lost.is_gone then 'source_gone'
            when lost.is_renamed and named.kpi_id is not null then 'renamed'
            else 'restated'
        end as changed_because
    from compared
    left join lost
        on
            compared.key_result_id = lost.key_result_id
            and compared.period_id = lost.period_id
            and compared.closing = lost.closing
    left join named
        on compared.kpi_id = named.kpi_id
)

select * from final
