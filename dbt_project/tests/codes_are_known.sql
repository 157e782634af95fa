{{ config(meta={'dagster': {'ref': {'name': 'key_results'}}}) }}
-- Codes are those that pages and words know: pipelines/okr_reports/words/reasons.py has a sentence for each reason.
{% set statuses = ['on_track', 'at_risk', 'off_track', 'too_early', 'no_data', 'achieved', 'missed'] %}
{% set reasons = [
    'no_source', 'too_early', 'running', 'running_away', 'holding', 'final', 'final_provisional', 'final_away',
    'final_away_provisional', 'no_check_in', 'no_week', 'no_month', 'no_baseline', 'no_way', 'no_rate', 'no_value',
    'baseline_not_positive', 'nobody_said', 'said', 'done', 'past_due', 'baseline_partial', 'plan_partial'
] %}
{% set kinds = ['flow', 'ratio', 'stock', 'distinct'] %}
{% set codes = [
    ('fct_key_result_daily', 'status', statuses),
    ('fct_key_result_daily', 'reason_code', reasons),
    ('fct_key_result_daily', 'kpi_kind', kinds + ['check_in']),
    ('key_results', 'status', statuses + ['scheduled']),
    ('key_results', 'reason_code', reasons + ['scheduled']),
    ('key_results', 'better', ['higher', 'lower', 'neutral']),
    ('key_results', 'ambition', ['committed', 'aspirational']),
    ('key_results', 'disagreement_code', ['disagrees_high', 'disagrees_low']),
    ('key_results', 'baseline_note_code', ['restated', 'baseline_begins', 'baseline_stays']),
    ('fct_objective_daily', 'status', statuses),
    ('objectives', 'status', statuses + ['scheduled']),
    ('objectives', 'reason_code', [
        'objective_running', 'objective_final', 'objective_too_early', 'objective_weakest', 'objective_no_data',
        'scheduled'
    ]),
    ('objectives', 'ambition', ['committed', 'aspirational']),
    ('source_health', 'state', ['fresh', 'stale', 'partial', 'failed', 'never_loaded', 'ended', 'off']),
    ('source_health', 'error_code', ['no_rate']),
    ('dim_kpi', 'kind', kinds),
    ('health_gate', 'rule', ['objectives_complete', 'sources_loaded', 'sources_fresh', 'values_kept']),
    ('stg_definitions__key_results', 'role', ['key_result', 'objective_measure']),
    ('stg_definitions__key_results', 'pace_kind', ['linear', 'table', 'seasonal']),
    ('stg_definitions__kpi_conditions', 'operator', ['in', 'not_in', 'like', 'not_like']),
    ('stg_ops__source_loads', 'state', ['loaded', 'partial', 'failed']),
] %}

{% for model, column, known in codes -%}
select distinct
    '{{ model }}.{{ column }}' as names,
    {{ column }} as unknown_code
from {{ ref(model) }}
where {{ column }} not in ('{{ known | join("', '") }}')
{{ 'union all' if not loop.last }}
{% endfor %}
