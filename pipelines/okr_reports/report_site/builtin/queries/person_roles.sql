-- Every person with the key results that the person owns or works on; a person without any is there once.
select p.person_id, p.title as name, r.role, r.position as role_position, k.key_result_id, k.title, k.status, k.objective_id, k.objective_title,
  k.weight, k.score, k.period, k.period_title, k.period_end, k.is_running, k.is_closed, k.has_begun, k.check_in_is_stale,
  k.weight_share, k.contribution, k.top_id, k.top_title, k.is_below_top, k.top_objectives
from (select distinct person_id, title from dim_person) p
left join key_result_people r on r.person_id = p.person_id
left join ${scorecard} k on k.key_result_id = r.key_result_id
