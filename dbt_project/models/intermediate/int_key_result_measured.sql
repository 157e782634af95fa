{{ config(materialized='table') }}

-- All that progress is computed from, one row a day of a key result.
with

days as (
    select * from {{ ref('int_key_result_day') }}
),

kpi_values as (
    select * from {{ ref('int_key_result_kpi_value') }}
),

readings as (
    select * from {{ ref('int_check_in_reading') }}
),

weeks as (
    select * from {{ ref('int_key_result_weeks_held') }}
),

weights as (
    select * from {{ ref('int_key_result_weight') }}
),

joined as (
    select
        days.*,
        case
            when days.reads = 'done' then weights.weight_done
            when days.kpi_kind = 'check_in' then readings.reading
            else kpi_values.value
        end as any_value,
        coalesce(kpi_values.lacks_rate, false) as lacks_rate,
        weeks.weeks_kept,
        weeks.weeks_observed,
        weights.weight_done,
        weights.weight_total
    from days
    left join kpi_values
        on
            days.key_result_id = kpi_values.key_result_id
            and days.kpi_id = kpi_values.kpi_id
            and days.date = kpi_values.date
    left join readings
        on
            days.kpi_kind = 'check_in'
            and days.key_result_id = readings.key_result_id
            and days.reads = readings.field
            and days.checked_in_by >= readings.valid_from
            and (days.checked_in_by < readings.next_from or readings.next_from is null)
    left join weeks
        on
            days.key_result_id = weeks.key_result_id
            and days.version = weeks.version
            and days.date >= weeks.week_end
            and (days.date < weeks.next_week_end or weeks.next_week_end is null)
    left join weights
        on
            days.key_result_id = weights.key_result_id
            and days.date = weights.date
),

-- NaN is greater than every number: it must be gone before anything is compared with it.
final as (
    select
        key_result_id,
        date,
        type,
        kpi_id,
        kpi_kind,
        {{ finite('any_value') }} as value,
        baseline,
        target,
        low,
        high,
        limit_low,
        limit_high,
        is_held,
        day_no,
        elapsed,
        is_provisional,
        is_final_day,
        lacks_rate,
        weeks_kept,
        weeks_observed,
        weight_done,
        weight_total
    from joined
)

select * from final
