{{ config(materialized='table') }}

with

together as (
    {% for channel in var('channels') -%}
    select
        *,
        {{ loop.index }} as precedence
    from {{ ref('stg_' ~ channel ~ '__campaigns') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- A file may bring older days of an API's campaigns: the API's own names win.
ranked as (
    select
        *,
        row_number() over (partition by channel, account_id, campaign_id order by precedence) as preferred_first
    from together
),

final as (
    select
        channel,
        account_id,
        campaign_id,
        campaign_name,
        campaign_group_id,
        campaign_group_name,
        status
    from ranked
    where preferred_first = 1
)

select * from final
