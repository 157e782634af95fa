-- Every objective with its score as closed at last, else as it is today.
select o.objective_id, o.period, p.title as period_title, p.kind as period_kind, p.start_date, p.end_date, o.team, o.team_title, coalesce(f.score, o.score) as score
from objectives o join dim_period p on p.period_id = o.period
left join fct_objective_final f on f.objective_id = o.objective_id and f.period = o.period and f.is_last
