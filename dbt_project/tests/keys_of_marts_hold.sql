{{ config(meta={'dagster': {'ref': {'name': 'fct_key_result_daily'}}}) }}
-- Marts without a primary key have one row a key all the same. One test of all of them: dbt's own work on a test takes
-- longer than its rows.
{% set keys = {
    'fct_key_result_daily': ['key_result_id', 'date'],
    'fct_key_result_final': ['key_result_id', 'period', 'closing'],
    'fct_key_result_forecast': ['key_result_id', 'week'],
    'fct_key_result_reported': ['key_result_id', 'date', 'reported_on'],
    'fct_kpi_daily': ['kpi_id', 'date'],
    'fct_objective_daily': ['objective_id', 'date'],
    'key_result_drivers': ['key_result_id', 'comparison', 'dimension', 'member'],
    'key_result_pace': ['key_result_id', 'date'],
    'key_result_weeks': ['key_result_id', 'week_end'],
    'kpi_alerts': ['kpi_id', 'date', 'reason_code', 'subject'],
    'kpi_channels': ['kpi_id', 'channel'],
    'kpi_days_otherwise': ['kpi_id', 'date'],
} %}

{{ rows_without_key(keys) }}
