{{ config(meta={'dagster': {'ref': {'name': 'key_results'}}}) }}
-- What names a row of another model names one that is there. Days of a channel that is off stay without its description,
-- and what was reported stays when its key result has gone: these are no relationships.
{% set relationships = [
    ('stg_definitions__objectives', 'period_id', 'stg_definitions__periods', 'period_id'),
    ('stg_definitions__objectives', 'team_id', 'stg_definitions__teams', 'team_id'),
    ('stg_definitions__objectives', 'parent_id', 'stg_definitions__objectives', 'objective_id'),
    ('stg_definitions__key_results', 'objective_id', 'stg_definitions__objectives', 'objective_id'),
    ('stg_definitions__key_results', 'kpi_id', 'stg_definitions__kpis', 'kpi_id'),
    ('stg_definitions__key_results', 'type', 'stg_definitions__key_result_types', 'type'),
    ('stg_definitions__kpis', 'measure', 'stg_definitions__measures', 'measure'),
    ('stg_definitions__kpis', 'numerator', 'stg_definitions__measures', 'measure'),
    ('stg_definitions__kpis', 'denominator', 'stg_definitions__measures', 'measure'),
    ('stg_definitions__kpi_conditions', 'kpi_id', 'stg_definitions__kpis', 'kpi_id'),
    ('stg_definitions__milestones', 'key_result_id', 'stg_definitions__key_results', 'key_result_id'),
    ('stg_definitions__pauses', 'key_result_id', 'stg_definitions__key_results', 'key_result_id'),
    ('stg_definitions__pace_points', 'key_result_id', 'stg_definitions__key_results', 'key_result_id'),
    ('stg_definitions__check_ins', 'key_result_id', 'stg_definitions__key_results', 'key_result_id'),
    ('stg_definitions__check_in_milestones', 'check_in_id', 'stg_definitions__check_ins', 'check_in_id'),
    ('fct_kpi_daily', 'kpi_id', 'dim_kpi', 'kpi_id'),
    ('fct_key_result_daily', 'key_result_id', 'key_results', 'key_result_id'),
    ('fct_objective_daily', 'objective_id', 'objectives', 'objective_id'),
    ('fct_objective_daily', 'weakest_key_result_id', 'key_results', 'key_result_id'),
    ('key_results', 'objective_id', 'objectives', 'objective_id'),
    ('key_results', 'kpi_id', 'dim_kpi', 'kpi_id'),
    ('key_results', 'type', 'dim_key_result_type', 'type'),
    ('key_results', 'period', 'dim_period', 'period_id'),
    ('objectives', 'period', 'dim_period', 'period_id'),
    ('objectives', 'team', 'dim_team', 'team_id'),
    ('objectives', 'parent', 'objectives', 'objective_id'),
    ('objectives', 'measure_kpi_id', 'dim_kpi', 'kpi_id'),
    ('key_result_people', 'key_result_id', 'key_results', 'key_result_id'),
    ('initiatives', 'objective_id', 'objectives', 'objective_id'),
    ('key_result_kpis', 'key_result_id', 'key_results', 'key_result_id'),
    ('key_result_kpis', 'kpi_id', 'dim_kpi', 'kpi_id'),
    ('key_result_milestones', 'key_result_id', 'key_results', 'key_result_id'),
    ('key_result_sources', 'key_result_id', 'key_results', 'key_result_id'),
    ('key_result_versions', 'key_result_id', 'key_results', 'key_result_id'),
] %}

{% for child, column, parent, key in relationships -%}
select
    '{{ child }}.{{ column }}' as names,
    cast(children.{{ column }} as {{ dbt.type_string() }}) as missing
from {{ ref(child) }} as children
left join {{ ref(parent) }} as parents
    on children.{{ column }} = parents.{{ key }}
where children.{{ column }} is not null and parents.{{ key }} is null
{{ 'union all' if not loop.last }}
{% endfor %}
