{{ config(materialized='table') }}

with

together as (
    {% for channel in var('channels') -%}
    select
        *,
        {{ loop.index }} as precedence
    from {{ ref('stg_' ~ channel ~ '__accounts') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- A file may bring older days of an API's account: the API's own name and zone win.
ranked as (
    select
        *,
        row_number() over (partition by channel, account_id order by precedence) as preferred_first
    from together
),

final as (
    select
        channel,
        account_id,
        account_name,
        currency,
        timezone
    from ranked
    where preferred_first = 1
)

select * from final
