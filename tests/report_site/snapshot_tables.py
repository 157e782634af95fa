"""The tables of the test snapshot: their columns exactly as the marts declare them."""

from __future__ import annotations

from tests.support import AD_MEASURES

D = "decimal(28,9)"
RESULT = (
    "value double, baseline double, target double, progress double, score double, expected double, status varchar, "
    "status_reason varchar, is_provisional boolean, forecast_low double, forecast double, forecast_high double, "
    "probability double"
)


def _columns(text: str) -> list[str]:
    return [column.strip() for column in text.replace(D, "decimal(28;9)").split(",")]


DDL: dict[str, list[str]] = {
    table: [column.replace(";", ",") for column in _columns(columns)]
    for table, columns in {
        "fct_measure_daily": f"date date, channel varchar, account_id varchar, campaign_id varchar, measure varchar, "
        f"value {D}, value_local {D}, currency varchar, is_provisional boolean",
        "fct_ad_daily": "date date, channel varchar, account_id varchar, campaign_id varchar, account_name varchar, "
        "campaign_name varchar, campaign_group_id varchar, campaign_group_name varchar, currency varchar, "
        + ", ".join(f"{name} {D}" for name in AD_MEASURES)
        + ", is_provisional boolean",
        "fct_kpi_daily": f"kpi_id varchar, date date, numerator {D}, denominator {D}, value double, "
        "is_provisional boolean",
        "kpi_channels": "kpi_id varchar, channel varchar, is_counted boolean, is_listed boolean, "
        "has_numerator boolean, has_denominator boolean, differs boolean",
        "kpi_days_otherwise": f"kpi_id varchar, date date, numerator {D}, denominator {D}",
        "fct_key_result_daily": f"key_result_id varchar, date date, {RESULT}",
        "fct_key_result_reported": "key_result_id varchar, date date, reported_on date, value double, score double, "
        "status varchar, forecast_low double, forecast double, forecast_high double, probability double",
        "fct_key_result_forecast": "key_result_id varchar, kpi_id varchar, week bigint, date date, "
        "is_published boolean, forecast_low double, forecast double, forecast_high double, probability double, "
        "value double, is_held boolean, is_reached boolean",
        "fct_key_result_final": "key_result_id varchar, period varchar, closing bigint, objective_id varchar, "
        "title varchar, type varchar, kpi_id varchar, unit varchar, owner varchar, team varchar, weight double, "
        "value double, score double, status varchar, closed_on date, value_now double, score_now double, "
        "status_now varchar, changed_because varchar, is_last boolean, origin varchar, value_so_far double, "
        "waits_for varchar, reopened_on date, reopened_by varchar, reopen_reason varchar",
        "fct_objective_final": "objective_id varchar, period varchar, closing bigint, title varchar, owner varchar, "
        "team varchar, ambition varchar, score double, status varchar, coverage double, closed_on date, "
        "score_now double, status_now varchar, is_last boolean",
        "kpi_versions": "kpi_id varchar, version bigint, valid_from date, valid_through date, kind varchar, "
        "unit varchar, definition varchar, changed_by varchar, changed_at timestamptz",
        "fct_period_closing": "period varchar, title varchar, period_start date, period_end date, state varchar, "
        "closed_on date, closes_from date, closed bigint, achieved bigint, missed bigint, without_data bigint, "
        "still_open bigint, waiting bigint, waits_for varchar",
        "fct_objective_daily": "objective_id varchar, date date, score double, expected double, status varchar, "
        "coverage double, weakest_key_result_id varchar",
        "key_results": "key_result_id varchar, objective_id varchar, position bigint, date date, title varchar, "
        "title_texts varchar, type varchar, kpi_id varchar, unit varchar, better varchar, owner varchar, "
        "team varchar, period varchar, period_start date, period_end date, parent varchar, ambition varchar, "
        "weight double, value double, baseline double, target double, low double, high double, progress double, "
        "score double, expected double, status varchar, status_reason varchar, is_provisional boolean, "
        "forecast_low double, forecast double, forecast_high double, probability double, confidence double, "
        "last_check_in date, last_check_in_by varchar, last_check_in_note varchar, last_check_in_next varchar, "
        "check_in_is_stale boolean, disagreement varchar, baseline_note varchar, over_range boolean, "
        "data_from date, data_through date, stale_since date, provisional_from date, kpi_kind varchar, "
        "reason_code varchar, disagreement_code varchar, baseline_note_code varchar, baseline_kept double, "
        "baseline_now double, baseline_from date, hold varchar, contributors varchar, evidence bigint, "
        "evidence_target bigint, evidence_of varchar, success_line double, weeks_kept bigint, "
        "weeks_observed bigint, weeks_unit varchar, value_met boolean, baseline_start date, baseline_end date, "
        "plan_kpi_id varchar, plan_missing_from date",
        "objectives": "objective_id varchar, position bigint, date date, title varchar, title_texts varchar, "
        "description varchar, owner varchar, team varchar, team_title varchar, period varchar, period_start date, "
        "period_end date, parent varchar, ambition varchar, approved_by varchar, approved_on date, score double, "
        "expected double, status varchar, status_reason varchar, coverage double, weakest_key_result_id varchar, "
        "confidence double, last_check_in date, data_through date, stale_since date, measure_type varchar, "
        "measure_kpi_id varchar, measure_value double, measure_baseline double, measure_target double, "
        "measure_progress double, measure_score double, score_compared double, reason_code varchar",
        "source_health": "channel varchar, account_id varchar, account_name varchar, state varchar, "
        "data_through date, provisional_from date, last_load_at timestamptz, last_error varchar, stale_since date, "
        "note varchar, withheld_days bigint, sampled_days bigint, grouped_days bigint, last_flagged_day date",
        "source_measures": "channel varchar, account_id varchar, measure varchar, state varchar, data_through date, "
        "furthest_through date",
        "fct_check_in": "check_in_id varchar, key_result_id varchar, date date, author varchar, confidence double, "
        f"note varchar, next varchar, previous_next varchar, value {D}, met boolean, grade double, evidence bigint, "
        "done varchar",
        "fct_note": "note_id varchar, date date, on_kind varchar, on_id varchar, text varchar",
        "dim_date": "date date, week_start date, month_start date, quarter varchar, year bigint, day_of_week bigint",
        "dim_period": "period_id varchar, title varchar, kind varchar, start_date date, end_date date",
        "dim_key_result_type": "type varchar, position bigint, about varchar, is_held boolean, is_share boolean",
        "kpi_events": "kpi_id varchar, event_id varchar, title varchar, title_texts varchar, start_date date, "
        "end_date date, factor double",
        "dim_person": "name varchar, person_id varchar, title varchar",
        "key_result_people": "key_result_id varchar, role varchar, position bigint, name varchar, person_id varchar",
        "dim_team": "team_id varchar, title varchar, title_texts varchar",
        "dim_channel": "channel varchar, title varchar, kind varchar, lookback_days bigint, conversions varchar, "
        "conversions_means varchar, conversions_source varchar, api_version varchar, api_version_ends date, "
        "api_version_is_estimate boolean, api_announced varchar, grain varchar",
        "dim_measure": "measure varchar, title varchar, unit varchar, is_money boolean, "
        "definition varchar, definition_parts varchar, source varchar",
        "dim_account": "channel varchar, account_id varchar, account_name varchar, currency varchar, timezone varchar",
        "dim_campaign": "channel varchar, account_id varchar, campaign_id varchar, campaign_name varchar, "
        "campaign_group_id varchar, campaign_group_name varchar, status varchar",
        "dim_kpi": "kpi_id varchar, title varchar, title_texts varchar, description varchar, "
        "description_texts varchar, kind varchar, measure varchar, numerator varchar, denominator varchar, "
        "unit varchar, better varchar, channel varchar, overview_position bigint, grain varchar, "
        "min_denominator double",
        "report_context": "organisation varchar, currency varchar, timezone varchar, locale varchar, "
        "language varchar, today date, refresh_id varchar, refreshed_at timestamptz, data_through date, "
        "status_on_track double, status_at_risk double, grace double, success_committed double, "
        "success_aspirational double, check_in_repository varchar, check_in_host varchar, check_in_branch varchar, "
        "check_in_folder varchar, check_in_desk varchar, check_in_form varchar",
        "health_gate": "position integer, rule varchar, is_passed boolean, met_count bigint, asked_count bigint, "
        "least_share double, first_missed varchar, last_refused_at timestamptz",
        "key_result_milestones": "key_result_id varchar, milestone_id varchar, position bigint, title varchar, "
        "weight double, due date, done_on date",
        "key_result_drivers": "key_result_id varchar, comparison varchar, weeks_unit varchar, dimension varchar, "
        "member varchar, member_title varchar, contribution decimal(38, 12), volume_effect decimal(38, 12), "
        "rate_effect decimal(38, 12), member_state varchar, value_before double, value_after double, position bigint",
        "key_result_kpis": "key_result_id varchar, kpi_id varchar, position bigint",
        "key_result_weeks": "key_result_id varchar, week_end date, weeks_unit varchar, value double, is_within boolean",
        "key_result_pace": "key_result_id varchar, date date, expected double, expected_value double",
        "initiatives": "objective_id varchar, position bigint, title varchar, owner varchar, state varchar",
        "key_result_sources": "key_result_id varchar, channel varchar, account_id varchar, data_through date, "
        "state varchar, is_plan boolean",
        "key_result_versions": "key_result_id varchar, version bigint, valid_from date, valid_through date, "
        "type varchar, kpi_id varchar, baseline double, target double, low double, high double, unit varchar, "
        "baseline_fixed_on date, baseline_loaded_at timestamptz, changed_by varchar, changed_at timestamptz, "
        "reason varchar",
    }.items()
}
