-- Every initiative with its objective and its owner's page.
select i.objective_id, i.position, i.title, i.owner, i.state, p.person_id, o.title as objective, o.team, o.position as objective_position,
  c.today between o.period_start and o.period_end as is_running
from initiatives i join objectives o on o.objective_id = i.objective_id cross join report_context c
left join dim_person p on p.name = i.owner
