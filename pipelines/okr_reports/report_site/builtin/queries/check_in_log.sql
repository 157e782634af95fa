-- Every check-in with its key result, the objective's score of that day, and what became of the key result in the end.
select c.check_in_id, c.key_result_id, c.date, c.author, c.confidence, c.note, c.next, c.previous_next, c.value, c.met, c.grade, c.evidence,
  k.title, k.team, k.team_title, k.objective_id, k.position, k.evidence_target, k.evidence_of, k.period, k.is_running, k.result_status,
  o.score as objective_score
from fct_check_in c join ${scorecard} k on k.key_result_id = c.key_result_id
left join fct_objective_daily o on o.objective_id = k.objective_id and o.date = c.date
