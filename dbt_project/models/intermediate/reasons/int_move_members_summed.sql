{{ config(materialized='table') }}

-- Each level of the hierarchy beside its totals, in doubles for quotients; what a currency without a rate hides is not
-- split.
{% set levels = {
    'channel': ['channel'],
    'account': ['channel', 'account_id'],
    'campaign_group': ['channel', 'account_id', 'campaign_group'],
    'campaign': ['channel', 'account_id', 'campaign_id'],
} %}

with

parts as (
    select * from {{ ref('int_move_parts_summed') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_unioned') }}
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
),

channels as (
    select * from {{ ref('stg_definitions__channels') }}
),

named as (
    select
        parts.*,
        coalesce(campaigns.campaign_group_name, '') as campaign_group,
        channels.title as channel_title,
        coalesce(nullif(accounts.account_name, ''), nullif(parts.account_id, ''), channels.title) as account_title,
        campaigns.campaign_group_name as campaign_group_title,
        coalesce(campaigns.campaign_name, nullif(parts.campaign_id, '')) as campaign_title
    from parts
    left join campaigns
        on
            parts.channel = campaigns.channel
            and parts.account_id = campaigns.account_id
            and parts.campaign_id = campaigns.campaign_id
    left join accounts
        on parts.channel = accounts.channel and parts.account_id = accounts.account_id
    left join channels
        on parts.channel = channels.channel
),

members as (
    {% for dimension, columns in levels.items() -%}
    select
        key_result_id,
        comparison,
        kind,
        expected_amount,
        '{{ dimension }}' as dimension,
        {{ joined_ids(columns) }} as member,
        max({{ dimension }}_title) as member_title,
        sum(numerator_before) as numerator_before,
        sum(denominator_before) as denominator_before,
        sum(numerator_after) as numerator_after,
        sum(denominator_after) as denominator_after,
        {{ any_row('is_there_before') }} as is_there_before,
        {{ any_row('is_there_after') }} as is_there_after,
        {{ any_row('numerator_before is null or numerator_after is null') }} as is_unknown
    from named
    group by key_result_id, comparison, kind, expected_amount, {{ columns | join(', ') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        *,
        {% for column in ['numerator_before', 'denominator_before', 'numerator_after', 'denominator_after'] -%}
        sum({{ column }}) over (partition by key_result_id, comparison, dimension) as total_{{ column }},
        {% endfor -%}
        max(case when is_unknown then 1 else 0 end) over (
            partition by key_result_id, comparison, dimension
        ) = 1 as is_any_unknown
    from members
)

select * from final
