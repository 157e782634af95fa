-- How many weeks lay within the limits, counted up to each closed week.
with

weeks as (
    select * from {{ ref('int_key_result_weeks_spined') }}
),

kpi_values as (
    select * from {{ ref('int_key_result_weeks_valued') }}
),

check_ins as (
    select * from {{ ref('int_check_ins_spanned') }}
    where field = 'value'
),

valued as (
    select
        weeks.*,
        case when weeks.kpi_id is null then check_ins.reading else kpi_values.value end as value
    from weeks
    left join kpi_values
        on
            weeks.kpi_id = kpi_values.kpi_id
            and weeks.week_start = kpi_values.start_date
            and weeks.week_end = kpi_values.end_date
    left join check_ins
        on
            weeks.key_result_id = check_ins.key_result_id
            and weeks.week_end >= check_ins.valid_from
            and (weeks.week_end < check_ins.next_from or check_ins.next_from is null)
),

judged as (
    select
        *,
        count(value) over ({{ so_far('key_result_id, version', 'week_end') }}) as weeks_observed,
        case
            when value is null or value < limit_low or value > limit_high then 0
            else 1
        end as is_kept
    from valued
),

final as (
    select
        key_result_id,
        version,
        week_end,
        lead(week_end) over (partition by key_result_id, version order by week_end) as next_week_end,
        cast(
            sum(is_kept) over ({{ so_far('key_result_id, version', 'week_end') }}) as {{ dbt.type_bigint() }}
        ) as weeks_kept,
        weeks_observed,
        -- Of the last week observed: those after it have no value.
        max(value) over (partition by key_result_id, version, weeks_observed) as last_week_value
    from judged
)

select * from final
