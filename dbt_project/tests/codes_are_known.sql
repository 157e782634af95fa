{{ config(meta={'dagster': {'ref': {'name': 'key_results'}}}) }}
-- Codes are those that pages and words know: pipelines/okr_reports/words/reasons.py has a sentence for each reason.
{% set statuses = ['on_track', 'at_risk', 'off_track', 'too_early', 'no_data', 'achieved', 'missed'] %}
{% set reasons = [
    'no_source', 'too_early', 'running', 'running_away', 'holding', 'final', 'final_provisional', 'final_away',
    'final_away_provisional', 'no_check_in', 'no_week', 'no_month', 'no_baseline', 'no_way', 'no_rate', 'no_value',
    'baseline_not_positive', 'nobody_said', 'said', 'done', 'past_due', 'baseline_partial', 'plan_partial'
] %}
{% set kinds = ['flow', 'ratio', 'stock', 'distinct'] %}
{% set units = ['count', 'currency', 'percent', 'days', 'number'] %}
{% set grains = ['day', 'week', 'month', 'quarter'] %}
{% set directions = ['higher', 'lower', 'neutral'] %}
{% set ambitions = ['committed', 'aspirational'] %}
{% set channel_kinds = [
    'ads', 'analytics', 'search', 'crm', 'email', 'social', 'shop', 'database', 'file', 'other', 'model'
] %}
{% set period_kinds = ['quarter', 'month', 'year', 'custom'] %}
{% set initiative_states = ['todo', 'doing', 'done', 'blocked', 'dropped'] %}
{% set source_states = ['fresh', 'stale', 'partial', 'failed', 'never_loaded', 'ended', 'off'] %}
{% set gate_rules = ['objectives_complete', 'sources_loaded', 'sources_fresh', 'values_kept'] %}
{% set shapes = ['move', 'hold', 'band', 'range', 'steps', 'said'] %}
{% set read_fields = ['value', 'met', 'grade', 'done'] %}
{% set noted_kinds = ['kpi', 'key_result', 'objective', 'channel', 'team'] %}
{% set holds = ['units', 'end', 'average'] %}
{% set codes = [
    ('fct_key_result_daily', 'status', statuses),
    ('fct_key_result_daily', 'reason_code', reasons),
    ('fct_key_result_daily', 'kpi_kind', kinds + ['check_in']),
    ('fct_key_result_daily', 'hold', holds),
    ('fct_key_result_daily', 'weeks_unit', grains),
    ('fct_key_result_reported', 'status', statuses + ['scheduled']),
    ('fct_key_result_final', 'status', ['achieved', 'missed', 'no_data']),
    ('fct_key_result_final', 'status_now', statuses),
    ('fct_key_result_final', 'reason_code', reasons + ['source_never_came']),
    ('fct_key_result_final', 'unit', units),
    ('fct_key_result_final', 'origin', ['refresh', 'reported', 'reopened']),
    ('fct_key_result_final', 'changed_because', [
        'definition', 'target', 'check_in', 'source_gone', 'renamed', 'restated'
    ]),
    ('fct_period_closing', 'state', ['closed', 'waits', 'open']),
    ('key_results', 'status', statuses + ['scheduled']),
    ('key_results', 'reason_code', reasons + ['scheduled']),
    ('key_results', 'kpi_kind', kinds + ['check_in']),
    ('key_results', 'unit', units),
    ('key_results', 'hold', holds),
    ('key_results', 'weeks_unit', grains),
    ('key_results', 'better', directions),
    ('key_results', 'ambition', ambitions),
    ('key_results', 'disagreement_code', ['disagrees_high', 'disagrees_low']),
    ('key_results', 'baseline_note_code', ['restated', 'baseline_begins', 'baseline_stays']),
    ('key_result_people', 'role', ['owner', 'contributor']),
    ('key_result_drivers', 'comparison', ['previous', 'last_year', 'pace']),
    ('key_result_drivers', 'dimension', ['channel', 'account', 'campaign_group', 'campaign']),
    ('key_result_drivers', 'member_state', ['both', 'new', 'ended']),
    ('key_result_drivers', 'weeks_unit', grains),
    ('key_result_sources', 'state', source_states),
    ('key_result_versions', 'unit', units),
    ('key_result_weeks', 'weeks_unit', grains),
    ('fct_objective_daily', 'status', statuses),
    ('fct_objective_final', 'status', ['achieved', 'missed', 'no_data']),
    ('fct_objective_final', 'status_now', statuses + ['scheduled']),
    ('fct_objective_final', 'ambition', ambitions),
    ('objectives', 'status', statuses + ['scheduled']),
    ('objectives', 'reason_code', [
        'objective_running', 'objective_final', 'objective_too_early', 'objective_weakest', 'objective_no_data',
        'scheduled'
    ]),
    ('objectives', 'ambition', ambitions),
    ('initiatives', 'state', initiative_states),
    ('kpi_alerts', 'reason_code', [
        'above_expected', 'below_expected', 'nothing_arrived', 'source_silent', 'target_at_risk'
    ]),
    ('kpi_versions', 'kind', kinds),
    ('kpi_versions', 'unit', units),
    ('source_health', 'state', source_states),
    ('source_health', 'error_code', ['no_rate']),
    ('source_measures', 'state', ['fresh', 'stale', 'ended', 'never_loaded']),
    ('dim_channel', 'kind', channel_kinds),
    ('dim_channel', 'grain', grains),
    ('dim_key_result_type', 'shape', shapes),
    ('dim_key_result_type', 'better', directions),
    ('dim_key_result_type', 'reads', read_fields),
    ('dim_key_result_type', 'forecast_side', ['above', 'below']),
    ('dim_kpi', 'kind', kinds),
    ('dim_kpi', 'unit', units),
    ('dim_kpi', 'better', directions),
    ('dim_kpi', 'grain', grains),
    ('dim_measure', 'unit', ['currency', 'number']),
    ('dim_period', 'kind', period_kinds),
    ('fct_note', 'on_kind', noted_kinds),
    ('health_gate', 'rule', gate_rules),
    ('stg_definitions__channels', 'kind', channel_kinds),
    ('stg_definitions__channels', 'grain', grains),
    ('stg_definitions__event_scopes', 'on_kind', ['kpi', 'channel']),
    ('stg_definitions__initiatives', 'state', initiative_states),
    ('stg_definitions__key_result_types', 'shape', shapes),
    ('stg_definitions__key_result_types', 'better', directions),
    ('stg_definitions__key_result_types', 'reads', read_fields),
    ('stg_definitions__key_result_types', 'forecast_side', ['above', 'below']),
    ('stg_definitions__key_results', 'role', ['key_result', 'objective_measure']),
    ('stg_definitions__key_results', 'pace_kind', ['linear', 'table', 'seasonal']),
    ('stg_definitions__key_results', 'unit', units),
    ('stg_definitions__key_results', 'baseline_kind', [
        'number', 'previous_period', 'same_period_last_year', 'same_weeks_last_year'
    ]),
    ('stg_definitions__key_results', 'hold', holds),
    ('stg_definitions__kpi_conditions', 'operator', ['in', 'not_in', 'like', 'not_like']),
    ('stg_definitions__kpis', 'kind', kinds),
    ('stg_definitions__kpis', 'unit', units),
    ('stg_definitions__kpis', 'better', directions),
    ('stg_definitions__kpis', 'names_of', ['of_the_day', 'latest']),
    ('stg_definitions__kpis', 'grain', grains),
    ('stg_definitions__measures', 'unit', ['currency', 'number']),
    ('stg_definitions__notes', 'on_kind', noted_kinds),
    ('stg_definitions__objectives', 'ambition', ambitions),
    ('stg_definitions__periods', 'kind', period_kinds),
    ('stg_ops__gate_refusals', 'rule', gate_rules),
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
