{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_unpublished('closed_on') }}",
    )
}}

with

context as (
    select * from {{ ref('stg_definitions__context') }}
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

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

closed as (
    select closed.*
    from {{ ref('int_key_result_closed') }} as closed
    inner join context
        on closed.closed_on = context.today
    {% if is_incremental() -%}
    left join {{ this }} as kept
        on
            closed.key_result_id = kept.key_result_id
            and closed.period_id = kept.period_id
            and closed.closing = kept.closing
    where kept.key_result_id is null
    {%- endif %}
),

counted as (
    select
        closed.key_result_id,
        closed.period_id,
        closed.closing,
        matched.channel,
        matched.account_id,
        matched.campaign_id,
        count(distinct measures.date) as days
    from closed
    inner join matched
        on closed.kpi_id = matched.kpi_id
    inner join parts
        on closed.kpi_id = parts.kpi_id
    inner join measures
        on
            parts.measure = measures.measure
            and matched.channel = measures.channel
            and matched.account_id = measures.account_id
            and matched.campaign_id = measures.campaign_id
            and matched.source_file = measures.source_file
            and measures.date >= matched.valid_from and measures.date < matched.next_from
            and measures.date between closed.period_start and closed.period_end
    group by
        closed.key_result_id, closed.period_id, closed.closing,
        matched.channel, matched.account_id, matched.campaign_id
),

final as (
    select
        counted.key_result_id,
        counted.period_id,
        counted.closing,
        closed.closed_on,
        counted.channel,
        counted.account_id,
        counted.campaign_id,
        campaigns.campaign_name,
        counted.days
    from counted
    inner join closed
        on
            counted.key_result_id = closed.key_result_id
            and counted.period_id = closed.period_id
            and counted.closing = closed.closing
    left join campaigns
        on
            counted.channel = campaigns.channel
            and counted.account_id = campaigns.account_id
            and counted.campaign_id = campaigns.campaign_id
)

select * from final
