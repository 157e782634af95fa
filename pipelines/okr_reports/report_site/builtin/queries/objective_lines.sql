-- Each objective with every objective above it, `level` steps up; 0 is the objective itself.
with recursive up as (
  select objective_id, objective_id as above_id, parent, 0 as level from objectives
  union all
  select up.objective_id, o.objective_id, o.parent, up.level + 1 from up join objectives o on o.objective_id = up.parent where up.level < 12
)
select up.objective_id, up.above_id, up.level, up.level = max(up.level) over (partition by up.objective_id) as is_top,
  o.title as above_title, o.status as above_status, o.score as above_score, o.team_title as above_team_title,
  up.objective_id in (select objective_id from key_results) as has_key_results
from up join objectives o on o.objective_id = up.above_id
