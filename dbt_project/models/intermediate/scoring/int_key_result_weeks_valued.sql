-- What a number comes to in each of its weeks or months, of the days that count; null where nothing was read in it.
with

weeks as (
    select * from {{ ref('int_key_result_weeks_spined') }}
),

days as (
    select * from {{ ref('int_kpi_days_summed') }}
),

kpis as (
    select * from {{ ref('stg_definitions__kpis') }}
),

readings as (
    select * from {{ ref('int_kpi_readings_matched') }}
),

check_ins as (
    select * from {{ ref('int_check_ins_spanned') }}
    where field = 'value'
),

summed as (
    select
        weeks.key_result_id,
        weeks.version,
        weeks.kpi_id,
        weeks.kpi_kind,
        weeks.weeks_unit,
        weeks.week_start,
        weeks.week_end,
        {{ whole_sum('days.numerator', 'days.date is not null') }} as numerator,
        {{ whole_sum('days.denominator', 'days.date is not null') }} as denominator,
        max(coalesce(days.date, check_ins.valid_from)) as last_read
    from weeks
    left join days
        on weeks.kpi_id = days.kpi_id and weeks.date = days.date
    left join check_ins
        on
            weeks.kpi_id is null
            and weeks.key_result_id = check_ins.key_result_id
            and weeks.date = check_ins.valid_from
    group by
        weeks.key_result_id, weeks.version, weeks.kpi_id, weeks.kpi_kind,
        weeks.weeks_unit, weeks.week_start, weeks.week_end
),

final as (
    select
        summed.key_result_id,
        summed.version,
        summed.weeks_unit,
        summed.week_end,
        case
            when summed.kpi_id is null then check_ins.reading
            when summed.kpi_kind = 'stock' then last_days.value
            when summed.kpi_kind = 'distinct' then readings.value
            when summed.denominator < kpis.min_denominator then null
            else {{ quotient('summed.numerator', 'summed.denominator') }}
        end as value
    from summed
    left join kpis
        on summed.kpi_id = kpis.kpi_id
    left join check_ins
        on
            summed.kpi_id is null
            and summed.key_result_id = check_ins.key_result_id
            and summed.last_read = check_ins.valid_from
    left join days as last_days
        on summed.kpi_id = last_days.kpi_id and summed.last_read = last_days.date
    left join readings
        on
            summed.kpi_id = readings.kpi_id
            and summed.week_start = readings.start_date
            and summed.week_end = readings.end_date
)

select * from final
