-- Every key result with each of its closings: the result as closed, what the data says of it now, and the last report
-- before. What is not closed is there once, as it is today; what is closed also where its definition is gone.
with joined as (
  select f.key_result_id is not null as is_closed, k.key_result_id is not null as is_defined,
    coalesce(f.key_result_id, k.key_result_id) as key_result_id, coalesce(f.period, k.period) as period, coalesce(f.objective_id, k.objective_id) as objective_id,
    coalesce(f.title, k.title) as title_closed, coalesce(k.title, f.title) as title, k.owner, coalesce(k.team, f.team) as team, k.team_title, k.position,
    coalesce(f.type, k.type) as type, coalesce(f.unit, k.unit) as own_unit, k.type as type_now, k.expected, coalesce(k.success_line, 1) as success_line,
    f.closing, f.closed_on, coalesce(f.is_last, true) as is_last, f.reopened_on, f.reopened_by, f.reopen_reason, f.changed_because, f.waits_for,
    f.value, f.score, f.status,
    case when f.key_result_id is null then k.value else f.value_now end as value_now,
    case when f.key_result_id is null then k.score else f.score_now end as score_now,
    case when f.key_result_id is null then k.status else f.status_now end as status_now,
    coalesce(k.period_start, p.start_date, c.period_start) as period_start, coalesce(k.period_end, p.end_date, c.period_end) as period_end,
    coalesce(p.title, c.title, f.period, k.period) as period_title
  from ${scorecard} k full join fct_key_result_final f on f.key_result_id = k.key_result_id and f.period = k.period
  left join dim_period p on p.period_id = coalesce(f.period, k.period)
  left join fct_period_closing c on c.period = f.period
), reported as (
  select j.key_result_id, j.period, arg_max(r.status, r.reported_on) as status, arg_max(r.value, r.reported_on) as value,
    arg_max(r.score, r.reported_on) as score, max(r.reported_on) as reported_on
  from (select distinct key_result_id, period, period_start, period_end, min(closed_on) filter (where closing = 1) over (partition by key_result_id, period) as first_closed from joined) j
  join fct_key_result_reported r on r.key_result_id = j.key_result_id and r.date between j.period_start and j.period_end
    and (j.first_closed is null or r.reported_on < j.first_closed)
  group by j.key_result_id, j.period
)
select j.key_result_id, j.period, j.period_title, j.period_start, j.period_end, j.objective_id, j.title, j.title_closed, j.owner, j.team, j.team_title, j.position,
  j.is_closed, j.is_defined, j.closing, j.closed_on, j.is_last, j.reopened_on, j.reopened_by, j.reopen_reason, j.changed_because, j.waits_for,
  j.expected, j.success_line, t.is_share, case when t.is_share then 'percent' else j.own_unit end as unit, j.own_unit,
  j.value, j.score, j.status, j.value_now as own_value_now, j.score_now, j.status_now,
  coalesce(j.status, j.status_now) as result_status, case when j.is_closed then j.score else j.score_now end as result_score,
  case when j.is_closed then j.value else j.value_now end as result_value,
  case when t.is_share then j.score else j.value end as value_closed, case when t.is_share then j.score_now else j.value_now end as value_now,
  case when t.is_share then r.score else r.value end as value_then, r.status as status_then, r.reported_on
from joined j left join dim_key_result_type t on t.type = j.type
left join reported r on r.key_result_id = j.key_result_id and r.period = j.period
