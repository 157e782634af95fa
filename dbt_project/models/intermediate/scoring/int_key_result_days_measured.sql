{{ config(materialized='table') }}

-- All that progress is computed from, one row a day of a key result, with the target line of that day.
with

days as (
    select * from {{ ref('int_key_result_days_spined') }}
),

lines as (
    select * from {{ ref('int_targets_resolved') }}
),

kpi_values as (
    select * from {{ ref('int_key_result_kpi_days_valued') }}
),

readings as (
    select * from {{ ref('int_check_ins_spanned') }}
),

weeks as (
    select * from {{ ref('int_key_result_weeks_kept') }}
),

weights as (
    select * from {{ ref('int_milestone_days_weighed') }}
),

joined as (
    select
        days.*,
        lines.version,
        lines.type,
        lines.kpi_id,
        lines.kpi_kind,
        case
            when lines.reads = 'done' then weights.weight_done
            when lines.kpi_kind = 'check_in' then readings.reading
            else kpi_values.value
        end as any_value,
        lines.baseline,
        lines.target,
        lines.low,
        lines.high,
        lines.limit_low,
        lines.limit_high,
        lines.is_held,
        lines.needs_dates,
        lines.is_signed,
        lines.is_baseline_partial,
        lines.plan_kpi_id,
        lines.plan_missing_from,
        lines.is_plan_partial,
        days.is_data_provisional or lines.is_provisional as is_provisional,
        coalesce(kpi_values.lacks_rate, false) as lacks_rate,
        case when lines.is_held and lines.kpi_kind <> 'flow' then lines.weeks_unit end as weeks_unit,
        weeks.weeks_kept,
        weeks.weeks_observed,
        weeks.weeks_left,
        weeks.last_week_value,
        weights.weight_done,
        weights.weight_total
    from days
    inner join lines
        on
            days.key_result_id = lines.key_result_id
            and days.date >= lines.valid_from
            and (days.date <= lines.valid_through or lines.valid_through is null)
    left join kpi_values
        on
            days.key_result_id = kpi_values.key_result_id
            and lines.kpi_id = kpi_values.kpi_id
            and days.date = kpi_values.date
    left join readings
        on
            lines.kpi_kind = 'check_in'
            and days.key_result_id = readings.key_result_id
            and lines.reads = readings.field
            and days.checked_in_by >= readings.valid_from
            and (days.checked_in_by < readings.next_from or readings.next_from is null)
    left join weeks
        on
            days.key_result_id = weeks.key_result_id
            and lines.version = weeks.version
            and days.date >= weeks.week_end
            and (days.date < weeks.next_week_end or weeks.next_week_end is null)
    left join weights
        on lines.reads = 'done' and days.key_result_id = weights.key_result_id and days.date = weights.date
),

-- NaN is greater than every number: it must be gone before anything is compared with it.
final as (
    select
        *,
        {{ finite('any_value') }} as value
    from joined
)

select * from final
