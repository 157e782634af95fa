with

closed as (
    select * from {{ ref('int_objective_closed') }}
),

now_rows as (
    select * from {{ ref('int_objectives_current') }}
),

defined as (
    select * from {{ ref('int_objectives_dated') }}
),

final as (
    select
        closed.objective_id,
        closed.period_id as period,
        closed.closing,
        closed.title,
        closed.title_texts,
        closed.owner,
        closed.team_id as team,
        closed.ambition,
        closed.score,
        closed.status,
        closed.coverage,
        closed.closed_on,
        now_rows.score as score_now,
        now_rows.status as status_now,
        closed.closing = max(closed.closing) over (partition by closed.objective_id, closed.period_id) as is_last
    from closed
    left join defined
        on closed.objective_id = defined.objective_id and closed.period_id = defined.period_id
    left join now_rows
        on defined.objective_id = now_rows.objective_id
)

select * from final
