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
    select
        decided.key_result_id,
        decided.closing,
        judged.period_id,
        judged.kpi_id,
        judged.period_start,
        judged.period_end,
        judged.today as closed_on
    from {{ ref('int_closings_decided') }} as decided
    inner join {{ ref('int_closings_judged') }} as judged
        on decided.key_result_id = judged.key_result_id
    {% if is_incremental() -%}
    left join {{ this }} as kept
        on
            judged.key_result_id = kept.key_result_id
            and judged.period_id = kept.period_id
            and decided.closing = kept.closing
    where kept.key_result_id is null
    {%- endif %}
),

counted as (
    select
        closed.key_result_id,
        closed.period_id,
        closed.closing,
        closed.closed_on,
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
            and matched.valid_from <= measures.date and matched.next_from > measures.date
            and measures.date between closed.period_start and closed.period_end
    group by
        closed.key_result_id, closed.period_id, closed.closing, closed.closed_on,
        matched.channel, matched.account_id, matched.campaign_id
),

final as (
    select
        counted.key_result_id,
        counted.period_id,
        counted.closing,
        counted.closed_on,
        counted.channel,
        counted.account_id,
        counted.campaign_id,
        campaigns.campaign_name,
        counted.days
    from counted
    left join campaigns
        on
            counted.channel = campaigns.channel
            and counted.account_id = campaigns.account_id
            and counted.campaign_id = campaigns.campaign_id
)

select * from final
