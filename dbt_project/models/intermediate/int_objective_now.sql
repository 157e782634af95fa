-- The last day's row of each objective, with why its status is what it is.
with

objectives as (
    select * from {{ ref('int_objective') }}
),

days as (
    select * from {{ ref('fct_objective_daily') }}
),

settings as (
    select * from {{ ref('stg_definitions__settings') }}
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
        days.expected,
        coalesce(days.coverage, 0) as coverage,
        days.weakest_key_result_id,
        case
            when days.status is not null then days.status
            when objectives.today < objectives.period_start then 'scheduled'
            else 'no_data'
        end as status,
        case
            when days.status in ('achieved', 'missed') then 'objective_final'
            when days.status = 'too_early' then 'objective_too_early'
            when days.status <> 'no_data' then 'objective_running'
            when days.status is null and objectives.today < objectives.period_start then 'scheduled'
            else 'objective_no_data'
        end as reason_code,
        {{ success_line('objectives.ambition') }} as success_line
    from objectives
    cross join settings
    left join newest
        on objectives.objective_id = newest.objective_id
    left join days
        on newest.objective_id = days.objective_id and newest.date = days.date
)

select * from final
