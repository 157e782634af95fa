-- Every period that is over or has been closed, with its objectives and their mean score, as closed if it is.
with ended as (
  select o.period, count(*) as objectives, avg(o.score) as score from objectives o, report_context c where o.period_end < c.today group by o.period
), closed as (
  select period, count(*) filter (where is_last) as objectives, avg(score) filter (where is_last) as score from fct_objective_final group by period
), known as (
  select period from ended union select period from fct_period_closing
)
select known.period, coalesce(p.title, f.title, known.period) as title, coalesce(p.start_date, f.period_start) as start_date,
  coalesce(p.end_date, f.period_end) as end_date, f.state, f.closed_on, coalesce(closed.objectives, ended.objectives) as objectives,
  coalesce(closed.score, ended.score) as score
from known left join dim_period p on p.period_id = known.period left join ended on ended.period = known.period
left join fct_period_closing f on f.period = known.period left join closed on closed.period = known.period
