{{ config(meta={'dagster': {'ref': {'name': 'stg_definitions__key_results'}}}) }}
-- Definitions have one row a key, as their descriptions say, and no part of it is null. One test of all of them: as
-- tables of a few rows they cost a build no more than one of them does.
{% set keys = {
    'stg_definitions__alerts': ['kpi_id'],
    'stg_definitions__channels': ['channel'],
    'stg_definitions__check_in_milestones': ['check_in_id', 'milestone_id'],
    'stg_definitions__check_ins': ['check_in_id'],
    'stg_definitions__contributors': ['key_result_id', 'position'],
    'stg_definitions__event_scopes': ['event_id', 'on_kind', 'on_id'],
    'stg_definitions__events': ['event_id'],
    'stg_definitions__exchange_rates': ['date', 'currency'],
    'stg_definitions__initiatives': ['objective_id', 'position'],
    'stg_definitions__key_result_kpis': ['key_result_id', 'kpi_id'],
    'stg_definitions__key_result_types': ['type'],
    'stg_definitions__key_results': ['key_result_id'],
    'stg_definitions__kpi_conditions': ['kpi_id', 'condition_no', 'field', 'operator', 'value'],
    'stg_definitions__kpis': ['kpi_id'],
    'stg_definitions__measures': ['measure'],
    'stg_definitions__milestones': ['key_result_id', 'milestone_id'],
    'stg_definitions__mutes': ['kpi_id'],
    'stg_definitions__notes': ['note_id'],
    'stg_definitions__objectives': ['objective_id'],
    'stg_definitions__pace_points': ['key_result_id', 'date'],
    'stg_definitions__people': ['name'],
    'stg_definitions__periods': ['period_id'],
    'stg_definitions__teams': ['team_id'],
} %}

{{ rows_without_key(keys) }}
