-- Every milestone with its key result, and its state today.
select m.key_result_id, m.milestone_id, m.position, m.title, m.weight, m.due, m.done_on,
  case when m.done_on is not null then 'reached' when m.due < c.today then 'overdue' else 'ahead' end as state,
  k.title as key_result, k.objective_id, k.owner, k.person_id, k.status, k.confidence, k.disagreement_code
from key_result_milestones m cross join report_context c left join ${scorecard} k on k.key_result_id = m.key_result_id
