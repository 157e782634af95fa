{{ config(meta={'dagster': {'ref': {'name': 'stg_files__accounts'}}}) }}
-- Staging has one row a key, as its descriptions say. Definitions have a test of their own; numbers are tested
-- when their day is made.
{% set keys = {
    'accounts': ['channel', 'account_id'],
    'campaigns': ['channel', 'account_id', 'campaign_id'],
} %}

{% for channel in var('channels') -%}
{% for entity, columns in keys.items() -%}
select
    'stg_{{ channel }}__{{ entity }}' as model,
    {{ columns | join(" || ' ' || ") }} as found_twice
from {{ ref('stg_' ~ channel ~ '__' ~ entity) }}
group by {{ columns | join(', ') }}
having count(*) > 1
union all
{% endfor -%}
{% endfor %}
select
    'measures of ' || channel as model,
    account_id || ' ' || campaign_id || ' ' || measure as found_twice
from {{ ref('int_measures_converted') }}
where channel not in (select channel from {{ ref('stg_files__accounts') }})
group by channel, date, account_id, campaign_id, source_file, currency, measure
having count(*) > 1
