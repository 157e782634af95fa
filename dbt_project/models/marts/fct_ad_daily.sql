{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_changed_channels() }}",
        post_hook="{{ rename_as_last_known() }}",
    )
}}

{% set ad_measures = [
    'impressions', 'clicks', 'link_clicks', 'spend', 'conversions', 'conversion_value', 'leads', 'video_views'
] %}

with

all_measures as (
    select * from {{ ref('fct_measure_daily') }}
    where
        measure in (
            {%- for measure in ad_measures %}
            '{{ measure }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

changes as (
    select * from {{ ref('int_changed_input') }}
),

measures as (
    select all_measures.*
    from all_measures
    inner join changes
        on
            all_measures.channel = changes.channel
            and all_measures.date >= changes.date_from
),

channels as (
    select * from {{ ref('dim_channel') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
),

campaigns as (
    select * from {{ ref('dim_campaign') }}
),

pivoted as (
    select
        measures.date,
        measures.channel,
        measures.account_id,
        measures.campaign_id,
        -- A measure in two currencies has none.
        case
            when min(coalesce(measures.currency, '')) = max(measures.currency) then max(measures.currency)
        end as currency,
        {% for measure in ad_measures -%}
        max(case when measures.measure = '{{ measure }}' then measures.value end) as {{ measure }},
        {% endfor -%}
        {{ any_row('measures.is_provisional') }} as is_provisional
    from measures
    left join channels
        on measures.channel = channels.channel
    -- A channel that was switched off is no longer described; its days stay.
    where coalesce(channels.kind, 'ads') in ('ads', 'file')
    group by measures.date, measures.channel, measures.account_id, measures.campaign_id
),

final as (
    select
        pivoted.date,
        pivoted.channel,
        pivoted.account_id,
        pivoted.campaign_id,
        accounts.account_name,
        campaigns.campaign_name,
        campaigns.campaign_group_id,
        campaigns.campaign_group_name,
        pivoted.currency,
        {% for measure in ad_measures -%}
        pivoted.{{ measure }},
        {% endfor -%}
        pivoted.is_provisional
    from pivoted
    left join accounts
        on pivoted.channel = accounts.channel and pivoted.account_id = accounts.account_id
    left join campaigns
        on
            pivoted.channel = campaigns.channel
            and pivoted.account_id = campaigns.account_id
            and pivoted.campaign_id = campaigns.campaign_id
)

select * from final
