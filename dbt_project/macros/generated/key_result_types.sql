{#- Generated from key_result_types/ by `make generate`; change the types, not this file. -#}

{# Progress of one row of int_key_result_days_measured by the rule of its type; it may be NaN. #}
{% macro progress() -%}
    case
        when type = 'increase' then case
            when kpi_kind in ('flow', 'distinct') then (cast(value as double) / nullif(cast(target as double), 0))
            when target > baseline then (cast((value - baseline) as double) / nullif(cast((target - baseline) as double), 0))
        end
        when type = 'decrease' then case
            when kpi_kind = 'flow' and target < baseline then (cast((baseline - projected) as double) / nullif(cast((baseline - target) as double), 0))
            when kpi_kind <> 'distinct' and target < baseline then (cast((value - baseline) as double) / nullif(cast((target - baseline) as double), 0))
        end
        when type in ('at_least', 'at_most', 'between') then case
            when kpi_kind <> 'flow' and hold = 'units' and weeks_observed > 0 and weeks_kept + coalesce(allowed_misses, 0) >= weeks_observed then 1.0
            when kpi_kind <> 'flow' and hold = 'units' then (cast((weeks_kept + coalesce(allowed_misses, 0)) as double) / nullif(cast(weeks_observed as double), 0))
            when limit_number < limit_low and (kpi_kind <> 'flow' or is_signed) then case when abs(limit_number - limit_low) < abs(limit_low) then 1 - (cast(abs(limit_number - limit_low) as double) / nullif(cast(abs(limit_low) as double), 0)) else 0.0 end
            when limit_number > limit_high and (kpi_kind <> 'flow' or is_signed) then case when abs(limit_number - limit_high) < abs(limit_high) then 1 - (cast(abs(limit_number - limit_high) as double) / nullif(cast(abs(limit_high) as double), 0)) else 0.0 end
            when limit_number < limit_low and limit_low > 0 then (cast(limit_number as double) / nullif(cast(limit_low as double), 0))
            when limit_number < limit_low then 0.0
            when limit_number > limit_high then (cast(limit_high as double) / nullif(cast(limit_number as double), 0))
            when limit_number is not null and coalesce(limit_low, limit_high) is not null then 1.0
        end
        when type = 'count_range' then case
            when value >= low then 1.0
            when value > 0 then (cast(value as double) / nullif(cast(low as double), 0))
            when value <= 0 then 0.0
        end
        when type = 'milestones' then (cast(weight_done as double) / nullif(cast(weight_total as double), 0))
        when type in ('binary', 'qualitative') then value
    {%- for added in var('added_key_result_types', []) %}
        when type = '{{ added.name }}' then {{ added.progress }}
    {%- endfor %}
    end
{%- endmacro %}

{# Where the value should be by a row's date, in its own unit; null where a type has no path. #}
{% macro expected_value() -%}
    case
        when type = 'increase' then case
            when kpi_kind in ('flow', 'distinct') then expected * target
            else baseline + expected * (target - baseline)
        end
        when type = 'decrease' then case
            when kpi_kind = 'flow' then elapsed * (baseline - expected * (baseline - target))
            else baseline + expected * (target - baseline)
        end
        when type in ('at_least', 'at_most') then case when kpi_kind in ('flow', 'distinct') then elapsed * target end
        when type = 'between' then null
        when type = 'count_range' then expected * low
        when type in ('milestones', 'binary', 'qualitative') then expected
    {%- for added in var('added_key_result_types', []) %}
        when type = '{{ added.name }}' then {{ added.expected_value }}
    {%- endfor %}
    end
{%- endmacro %}
