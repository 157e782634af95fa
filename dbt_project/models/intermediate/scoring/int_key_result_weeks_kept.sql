-- How many weeks lay within the limits, counted up to each closed week.
with

weeks as (
    select * from {{ ref('int_key_result_weeks_valued') }}
),

lines as (
    select * from {{ ref('int_targets_spanned') }}
),

valued as (
    select
        weeks.*,
        lines.limit_low,
        lines.limit_high
    from weeks
    inner join lines
        on weeks.key_result_id = lines.key_result_id and weeks.version = lines.version
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
        weeks_unit,
        lead(week_end) over (partition by key_result_id, version order by week_end) as next_week_end,
        cast(
            sum(is_kept) over ({{ so_far('key_result_id, version', 'week_end') }}) as {{ dbt.type_bigint() }}
        ) as weeks_kept,
        weeks_observed,
        count(*) over (partition by key_result_id, version)
        - row_number() over (partition by key_result_id, version order by week_end) as weeks_left,
        -- Of the last week observed: those after it have no value.
        max(value) over (partition by key_result_id, version, weeks_observed) as last_week_value
    from judged
)

select * from final
