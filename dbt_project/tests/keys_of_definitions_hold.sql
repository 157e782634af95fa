{{ config(meta={'dagster': {'ref': {'name': 'stg_definitions__key_results'}}}) }}
-- Definitions have one row a key, as their descriptions say, and no part of it is null. One test of all of them: as
-- tables of a few rows they cost a build no more than one of them does.
{% set keys = {
    'alerts': ['kpi_id'],
    'channels': ['channel'],
    'check_in_milestones': ['check_in_id', 'milestone_id'],
    'check_ins': ['check_in_id'],
    'contributors': ['key_result_id', 'position'],
    'event_scopes': ['event_id', 'on_kind', 'on_id'],
    'events': ['event_id'],
    'exchange_rates': ['date', 'currency'],
    'initiatives': ['objective_id', 'position'],
    'key_result_kpis': ['key_result_id', 'kpi_id'],
    'key_result_types': ['type'],
    'key_results': ['key_result_id'],
    'kpi_conditions': ['kpi_id', 'condition_no', 'field', 'operator', 'value'],
    'kpis': ['kpi_id'],
    'measures': ['measure'],
    'milestones': ['key_result_id', 'milestone_id'],
    'mutes': ['kpi_id'],
    'notes': ['note_id'],
    'objectives': ['objective_id'],
    'pace_points': ['key_result_id', 'date'],
    'people': ['name'],
    'periods': ['period_id'],
    'teams': ['team_id'],
} %}

{% for entity, columns in keys.items() -%}
select
    'stg_definitions__{{ entity }}' as model,
    {% for column in columns -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null'){{ " || ' ' || " if not loop.last }}
    {%- endfor %} as found_twice
from {{ ref('stg_definitions__' ~ entity) }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null{% endfor %}

{{ 'union all' if not loop.last }}
{% endfor %}
