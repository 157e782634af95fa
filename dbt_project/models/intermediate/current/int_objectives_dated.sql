with

objectives as (
    select * from {{ ref('stg_definitions__objectives') }}
),

periods as (
    select * from {{ ref('stg_definitions__periods') }}
),

teams as (
    select * from {{ ref('stg_definitions__teams') }}
),

context as (
    select * from {{ ref('stg_definitions__context') }}
),

final as (
    select
        objectives.objective_id,
        objectives.position,
        objectives.title,
        objectives.title_texts,
        objectives.description,
        objectives.period_id,
        objectives.team_id,
        objectives.owner,
        objectives.parent_id,
        objectives.ambition,
        objectives.approved_by,
        objectives.approved_on,
        teams.title as team_title,
        periods.start_date as period_start,
        periods.end_date as period_end,
        {{ days_between('periods.start_date', 'periods.end_date') }} + 1 as period_days,
        context.today
    from objectives
    inner join periods
        on objectives.period_id = periods.period_id
    left join teams
        on objectives.team_id = teams.team_id
    cross join context
)

select * from final
