-- Every team with its key results that run today; a team without any is there once.
select t.team_id, t.title, k.key_result_id, k.objective_id, k.status, k.check_in_is_stale
from dim_team t left join ${scorecard} k on k.team = t.team_id and k.is_running
