{# Which sentence of status_words() tells the status of a row of int_key_result_status. #}
{% macro reason_phrase() -%}
    case
        when judged.status = 'missed' and judged.progress < 0 and judged.is_provisional then 'final_away_provisional'
        when judged.status = 'missed' and judged.progress < 0 then 'final_away'
        when judged.status in ('achieved', 'missed') and judged.is_provisional then 'final_provisional'
        when judged.status in ('achieved', 'missed') then 'final'
        when judged.status = 'too_early' then 'too_early'
        when judged.status <> 'no_data' and judged.type in ('at_least', 'at_most', 'between') then 'holding'
        when judged.status <> 'no_data' and judged.progress < 0 then 'running_away'
        when judged.status <> 'no_data' then 'running'
        when judged.kpi_kind = 'check_in' and judged.value is null then 'no_check_in'
        when
            judged.kpi_kind <> 'flow' and judged.type in ('at_least', 'at_most', 'between')
            and coalesce(judged.weeks_observed, 0) = 0
            then 'no_week'
        when judged.lacks_rate then 'no_rate'
        when judged.value is null then 'no_value'
        when judged.baseline is not null and judged.target is not null then 'no_way'
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
        projected_text=value_text(projected(), 'unit', 'language', 'currency'),
        progress_text=percent_text('progress', 'language'),
        expected_text=percent_text('expected', 'language'),
        line_text=percent_text('success_line', 'language'),
        weeks_within_text=number_text('weeks_within', 'language'),
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
