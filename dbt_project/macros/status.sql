{#
The status by docs/scoring.md, "Expected, and the status", over the columns score, progress, expected, elapsed, is_final_day (the
period is over and the row is its last day) and the settings' status_on_track, status_at_risk, grace and success_line.
Limits are met when they are equal: 1e-9 keeps binary rounding from turning an exact 0.95 into a miss.
#}
{% macro status() -%}
    case
        when score is null then 'no_data'
        when is_final_day and score >= success_line - 1e-9 then 'achieved'
        when is_final_day then 'missed'
        when elapsed < grace - 1e-9 then 'too_early'
        when {{ share_of_expected('progress') }} >= status_on_track - 1e-9 then 'on_track'
        when {{ share_of_expected('progress') }} >= status_at_risk - 1e-9 then 'at_risk'
        else 'off_track'
    end
{%- endmacro %}

{# What is held against the limits; null where weeks are counted. #}
{% macro limit_number() -%}
    case
        when not is_held then null
        when kpi_kind = 'flow' then projected
        when hold = 'end' then last_week_value
        when hold = 'average' then value
    end
{%- endmacro %}

{# Whether the value shown meets its limits; null where nothing is held. #}
{% macro value_met() -%}
    case
        when is_held and value is not null and not is_plan_partial
            then value >= coalesce(limit_low, value) and value <= coalesce(limit_high, value)
    end
{%- endmacro %}

{#
Where only dates say what is expected and there are none: done is on track, past its day is off track, and else the
owner's word counts, `confidence`, null where there is none or it is old.
#}
{% macro status_without_pace() -%}
    case
        when progress >= 1 then 'on_track'
        when is_past_due then 'off_track'
        when score is null and confidence is null then 'no_data'
        when elapsed < grace - 1e-9 then 'too_early'
        when confidence >= 0.7 - 1e-9 then 'on_track'
        when confidence >= 0.4 - 1e-9 then 'at_risk'
        when confidence is not null then 'off_track'
        else 'no_data'
    end
{%- endmacro %}

{#
The same of a key result: what one number decides is on track inside of its limits and at risk within 5 % of them, and
where misses are allowed, up to as many and up to twice as many of them. So is the projected total of a flow that is to
fall.
#}
{% macro key_result_status() -%}
    {%- set misses = '(weeks_observed - weeks_kept)' -%}
    {%- set falls = "(kpi_kind = 'flow' and not is_held and forecast_side = 'below')" -%}
    case
        when is_final_day and score is null and is_past_due then 'missed'
        when needs_dates and expected is null and not is_final_day then {{ status_without_pace() }}
        when score is null or is_final_day or elapsed < grace - 1e-9 or not (is_held or {{ falls }})
            or (is_held and limit_number is null and allowed_misses is null) then {{ status() }}
        when {{ falls }} and projected <= target + 1e-9 then 'on_track'
        when {{ falls }} and projected <= target + 0.05 * abs(target) + 1e-9 then 'at_risk'
        when {{ falls }} then 'off_track'
        when limit_number is null and {{ misses }} <= allowed_misses then 'on_track'
        when limit_number is null and {{ misses }} <= 2 * allowed_misses then 'at_risk'
        when limit_number is null then 'off_track'
        when progress >= 1 then 'on_track'
        when limit_number < limit_low - 0.05 * abs(limit_low) - 1e-9 then 'off_track'
        when limit_number > limit_high + 0.05 * abs(limit_high) + 1e-9 then 'off_track'
        else 'at_risk'
    end
{%- endmacro %}

{# The score that counts as success, over the settings' success_committed and success_aspirational. #}
{% macro success_line(ambition) -%}
    case when {{ ambition }} = 'aspirational' then settings.success_aspirational else settings.success_committed end
{%- endmacro %}

{# Progress, counted from 0, as a share of what is expected; 1 where nothing is expected yet. #}
{% macro share_of_expected(progress) -%}
    case
        when expected is null or expected <= 0 then 1.0
        when {{ progress }} < 0 then 0.0
        else {{ progress }} / expected
    end
{%- endmacro %}

{# How near a key result is to what is expected of it; where nothing is, its status says it. #}
{% macro share_reached() -%}
    case
        when expected is not null then {{ share_of_expected('score') }}
        when status in ('on_track', 'achieved', 'too_early') then 1.0
        when status = 'at_risk' then status_at_risk
        else 0.0
    end
{%- endmacro %}

{# Why a row of int_key_result_days_scored has its status: one of the codes in words/reasons.py. #}
{% macro reason_code() -%}
    case
        when is_past_due and (status = 'off_track' or status = 'missed' and score is null) then 'past_due'
        when status = 'missed' and progress < 0 and is_provisional then 'final_away_provisional'
        when status = 'missed' and progress < 0 then 'final_away'
        when status in ('achieved', 'missed') and is_provisional then 'final_provisional'
        when status in ('achieved', 'missed') then 'final'
        when needs_dates and expected is null and status = 'no_data' then 'nobody_said'
        when status = 'too_early' then 'too_early'
        when needs_dates and expected is null and progress >= 1 then 'done'
        when needs_dates and expected is null then 'said'
        when status <> 'no_data' and is_held then 'holding'
        when status <> 'no_data' and progress < 0 then 'running_away'
        when status <> 'no_data' then 'running'
        when is_plan_partial then 'plan_partial'
        when is_baseline_partial then 'baseline_partial'
        when kpi_kind = 'check_in' and value is null then 'no_check_in'
        when
            kpi_kind <> 'flow' and is_held
            and coalesce(weeks_observed, 0) = 0
            then case when weeks_unit in ('month', 'quarter') then 'no_month' else 'no_week' end
        when lacks_rate then 'no_rate'
        when value is null then 'no_value'
        when baseline is not null and target is not null then 'no_way'
        when baseline <= 0 and target is null then 'baseline_not_positive'
        else 'no_baseline'
    end
{%- endmacro %}
