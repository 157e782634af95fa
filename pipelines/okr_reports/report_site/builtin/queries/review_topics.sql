-- The key results that run today as the weekly review sees them: is there something to talk about, which step was
-- announced before this week's check-in and what became of it, which one is announced now.
with running as (
  select k.* from key_results k, report_context where today between k.period_start and k.period_end
), past as (
  select f.key_result_id, f.status as status_before
  from fct_key_result_daily f, report_context c where f.date = c.data_through - 7
), late_steps as (
  select m.key_result_id, arg_min(m.title, m.due) as milestone, min(m.due) as milestone_due
  from key_result_milestones m, report_context where m.done_on is null and m.due < today group by 1
), said as (
  select f.*, row_number() over (partition by f.key_result_id order by f.date desc, length(f.check_in_id) desc, f.check_in_id desc) as back
  from fct_check_in f, report_context where f.date <= today
), this_week as (
  select s.* from said s, report_context where s.back = 1 and s.date > today - 7
), planned as (
  select s.key_result_id, min(s.back) as back, arg_min(s.next, s.back) as said_next, arg_min(s.date, s.back) as said_on
  from said s left join this_week t using (key_result_id)
  where s.next is not null and s.back > coalesce(t.back, 0) group by 1
), answered as (
  select p.key_result_id, arg_min(s.previous_next, s.back) filter (s.previous_next is not null) as outcome
  from planned p join said s on s.key_result_id = p.key_result_id and s.back < p.back group by 1
)
select r.*, past.status_before, late_steps.milestone, late_steps.milestone_due,
  planned.said_next, planned.said_on, answered.outcome,
  t.date as this_week_on, t.next as this_week_next, t.author as this_week_by,
  -- the first verdict after the first days is news only where it is a bad one
  past.status_before <> r.status and not (past.status_before in ('scheduled', 'too_early') and r.status in ('too_early', 'on_track')) is true as is_turned,
  r.status = 'off_track' or coalesce(is_turned, false) or r.check_in_is_stale or late_steps.milestone is not null or r.disagreement is not null as is_topic,
  s.status_place as rank
from running r
left join past using (key_result_id)
left join late_steps using (key_result_id)
left join planned using (key_result_id)
left join answered using (key_result_id)
left join this_week t using (key_result_id)
left join ${status_order} s on s.status = r.status
