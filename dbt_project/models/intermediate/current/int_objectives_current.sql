-- The last day of each objective, with why its status is what it is, its own number, and what its key results say
-- together: the lowest confidence, the last check-in, the day all sources reach.
with

objectives as (
    select * from {{ ref('int_objectives_dated') }}
),

days as (
    select * from {{ ref('int_objective_days_scored') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

measures as (
    select * from {{ ref('int_key_results_current') }}
    where role = 'objective_measure'
),

together as (
    select
        objective_id,
        min(confidence) as confidence,
        max(last_check_in) as last_check_in,
        case when count(data_through) = count(*) then min(data_through) end as data_through,
        min(stale_since) as stale_since
    from {{ ref('int_key_results_current') }}
    where role = 'key_result'
    group by objective_id
),

newest as (
    select
        objective_id,
        max(date) as date
    from days
    group by objective_id
),

final as (
    select
        objectives.objective_id,
        objectives.period_start,
        objectives.period_days,
        {{ days_between('objectives.period_start', 'coalesce(days.date, objectives.today)') }} + 1 as day_no,
        coalesce(days.date, objectives.today) as date,
        days.score,
        days.score_compared,
        days.expected,
        coalesce(days.coverage, 0) as coverage,
        days.weakest_key_result_id,
        case
            when days.status is not null then days.status
            when objectives.today < objectives.period_start then 'scheduled'
            else 'no_data'
        end as status,
        case
            when days.status in ('achieved', 'missed') and days.score is not null then 'objective_final'
            when days.expected is null and days.status <> 'no_data' then 'objective_weakest'
            when days.status = 'too_early' then 'objective_too_early'
            when days.status <> 'no_data' then 'objective_running'
            when days.status is null and objectives.today < objectives.period_start then 'scheduled'
            else 'objective_no_data'
        end as reason_code,
        {{ success_line('objectives.ambition') }} as success_line,
        together.confidence,
        together.last_check_in,
        together.data_through,
        together.stale_since,
        measures.type as measure_type,
        measures.kpi_id as measure_kpi_id,
        measures.value as measure_value,
        measures.baseline_of_now as measure_baseline,
        measures.target_of_now as measure_target,
        measures.progress as measure_progress,
        measures.score as measure_score
    from objectives
    cross join settings
    left join newest
        on objectives.objective_id = newest.objective_id
    left join days
        on newest.objective_id = days.objective_id and newest.date = days.date
    left join together
        on objectives.objective_id = together.objective_id
    left join measures
        on objectives.objective_id = measures.objective_id
)

select * from final
