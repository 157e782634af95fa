{{ config(materialized='table') }}

-- The share of the way that the pace asks for on each day, from the day before the period to its end.
with

key_results as (
    select * from {{ ref('int_key_results_dated') }}
),

dates as (
    select * from {{ ref('int_dates_spined') }}
),

counted as (
    select * from {{ ref('int_key_result_days_counted') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

pace_table as (
    select * from {{ ref('int_pace_tables_interpolated') }}
),

seasonal as (
    select * from {{ ref('int_pace_seasons_shared') }}
),

milestones as (
    select * from {{ ref('int_pace_milestones_weighed') }}
),

plans as (
    select * from {{ ref('int_pace_plans_valued') }}
),

spine as (
    select
        key_results.key_result_id,
        key_results.type,
        key_results.is_held,
        key_results.is_paced,
        key_results.needs_dates,
        key_results.period_end,
        key_results.pace_kind,
        dates.date,
        coalesce(counted.elapsed, 0.0) as elapsed,
        case key_results.ambition when 'aspirational' then settings.success_aspirational else 1.0 end as ambition_share
    from key_results
    cross join settings
    inner join dates
        on dates.date between {{ add_days('key_results.period_start', -1) }} and key_results.period_end
    left join counted
        on key_results.key_result_id = counted.key_result_id and dates.date = counted.date
),

paced as (
    select
        spine.*,
        case
            when milestones.share is not null then milestones.share
            when spine.pace_kind = 'table' then coalesce(pace_table.share, spine.elapsed)
            when spine.needs_dates then null
            when not spine.is_paced then spine.elapsed
            -- Last year's period may be a day shorter or longer than this one.
            when seasonal.share is not null and spine.date < spine.period_end then seasonal.share
            else spine.elapsed
        end as share
    from spine
    left join milestones
        on spine.key_result_id = milestones.key_result_id and spine.date = milestones.date
    left join pace_table
        on
            spine.pace_kind = 'table'
            and spine.key_result_id = pace_table.key_result_id
            and spine.date = pace_table.date
    left join seasonal
        on spine.key_result_id = seasonal.key_result_id and spine.date = seasonal.date
),

final as (
    select
        paced.key_result_id,
        paced.date,
        paced.type,
        paced.elapsed,
        case when paced.is_held then 1.0 else paced.share * paced.ambition_share end as share_expected,
        paced.ambition_share,
        plans.plan_amount,
        plans.baseline_weight
    from paced
    left join plans
        on paced.key_result_id = plans.key_result_id and paced.date = plans.date and not paced.is_held
)

select * from final
