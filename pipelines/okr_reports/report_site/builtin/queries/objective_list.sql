-- Every objective of the definitions as it is today, with the names of what it belongs to, the place of its status in
-- lists, and the objective at the top of its line (`is_below_top`: another one), with how many there have key results.
with tops as (
  select objective_id, above_id as top_id, above_title as top_title, level as top_level from ${objective_lines} where is_top
), below as (
  select above_id, count(*) as objectives from ${objective_lines} where has_key_results group by above_id
)
select o.*,
  p.title as period_title, parent.title as parent_title, kpi.title as measure_title, kpi.unit as measure_unit,
  k.title as weakest_title, person.person_id, s.status_place, coalesce(o.score / nullif(o.expected, 0), 0) as pace,
  c.today between o.period_start and o.period_end as is_running, o.period_end < c.today as is_closed,
  case when o.data_through > o.period_end then o.period_end else o.data_through end as counted_through,
  tops.top_id, tops.top_title, tops.top_level > 0 as is_below_top, below.objectives as top_objectives
from objectives o cross join report_context c
left join dim_period p on p.period_id = o.period
left join objectives parent on parent.objective_id = o.parent
left join dim_kpi kpi on kpi.kpi_id = o.measure_kpi_id
left join key_results k on k.key_result_id = o.weakest_key_result_id
left join dim_person person on person.name = o.owner
left join ${status_order} s on s.status = o.status
left join tops on tops.objective_id = o.objective_id
left join below on below.above_id = tops.top_id
