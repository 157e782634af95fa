{# Why a row of int_key_result_status has its status: one of the codes in words/reasons.py. #}
{% macro reason_code() -%}
    case
        when status = 'missed' and progress < 0 and is_provisional then 'final_away_provisional'
        when status = 'missed' and progress < 0 then 'final_away'
        when status in ('achieved', 'missed') and is_provisional then 'final_provisional'
        when status in ('achieved', 'missed') then 'final'
        when status = 'too_early' then 'too_early'
        when status <> 'no_data' and is_held then 'holding'
        when status <> 'no_data' and progress < 0 then 'running_away'
        when status <> 'no_data' then 'running'
        when kpi_kind = 'check_in' and value is null then 'no_check_in'
        when
            kpi_kind <> 'flow' and is_held
            and coalesce(weeks_observed, 0) = 0
            then 'no_week'
        when lacks_rate then 'no_rate'
        when value is null then 'no_value'
        when baseline is not null and target is not null then 'no_way'
        else 'no_baseline'
    end
{%- endmacro %}

{# The numbers that sentences name, spelled out, over the columns of int_key_result_reason's `worded`. #}
{% macro reason_numbers() -%}
    {%- set in_unit = {} -%}
    {%- for name in ['value', 'baseline', 'target', 'low', 'high'] -%}
        {%- do in_unit.update({name ~ '_text': value_text(name, 'unit', 'language', 'currency')}) -%}
    {%- endfor -%}
    {{ return(dict(
        in_unit,
        projected_text=value_text('projected', 'unit', 'language', 'currency'),
        progress_text=percent_text('progress', 'language'),
        expected_text=percent_text('expected', 'language'),
        line_text=percent_text('success_line', 'language'),
        weeks_kept_text=number_text('weeks_kept', 'language'),
        weeks_observed_text=number_text('weeks_observed', 'language'),
        weight_done_text=number_text('weight_done', 'language'),
        weight_total_text=number_text('weight_total', 'language'),
        day_text=number_text('day_no', 'language'),
        days_text=number_text('period_days', 'language'),
        date_text=day_text('date'),
        baseline_start_text=day_text('baseline_start'),
        baseline_end_text=day_text('baseline_end')
    )) }}
{%- endmacro %}
