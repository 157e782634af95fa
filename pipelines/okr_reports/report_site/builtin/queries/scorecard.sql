-- Every key result of the definitions as it is today: with the names of what it belongs to, the place of its status in
-- lists, its part of the objective's score, its last weeks, what it is fed by, and its result as closed, if it is.
with weeks as (
  select key_result_id, list(score order by date, score) filter (where date > today - 91 and date_diff('day', date, data_through) % 7 = 0) as scores,
    max(progress) filter (where date = data_through - 7) as progress_before, max(status) filter (where date = data_through - 7) as status_before
  from fct_key_result_daily, report_context where date > today - 91 group by key_result_id
), fed as (
  select key_result_id, string_agg(distinct channel, ' ' order by channel) as channels,
    string_agg(distinct channel_title, ', ' order by channel_title) filter (where state not in ('fresh', 'ended', 'off')) as late_sources
  from ${key_result_accounts} group by key_result_id
), stated as (
  select key_result_id, list(confidence order by date) filter (where confidence is not null) as confidences from fct_check_in group by key_result_id
)
select k.*,
  p.title as period_title, team.title as team_title, person.person_id, kpi.title as kpi_title, kpi.kind as counted_kind,
  kpi.measure as kpi_measure, kpi.numerator as kpi_numerator, kpi.denominator as kpi_denominator, plan.title as plan_title,
  o.title as objective_title, o.top_id, o.top_title, o.is_below_top, o.top_objectives,
  t.is_share, t.is_held, case when t.is_share then 'percent' else k.unit end as shown_unit,
  t.is_held and coalesce(kpi.kind, 'check_in') <> 'flow' and coalesce(k.hold, 'units') = 'units' as weekly,
  s.status_place, k.progress / nullif(k.expected, 0) as ratio, coalesce(k.progress / nullif(k.expected, 0), 0) as pace,
  c.today between k.period_start and k.period_end as is_running, k.period_end < c.today as is_closed,
  c.today between k.period_start and k.period_end + 7 as takes_check_ins, k.period_start <= c.today as has_begun,
  case when k.data_through > k.period_end then k.period_end else k.data_through end as counted_through,
  k.weight / nullif(sum(k.weight) over (partition by k.objective_id), 0) as weight_share,
  k.score * k.weight / nullif(sum(case when k.score is not null then k.weight end) over (partition by k.objective_id), 0) as contribution,
  weeks.scores, k.progress - weeks.progress_before as moved, weeks.status_before, fed.channels, fed.late_sources, stated.confidences,
  f.key_result_id is not null as has_result, coalesce(f.status, k.status) as result_status,
  case when f.key_result_id is null then k.score else f.score end as result_score
from key_results k cross join report_context c
left join dim_period p on p.period_id = k.period
left join dim_team team on team.team_id = k.team
left join dim_person person on person.name = k.owner
left join dim_kpi kpi on kpi.kpi_id = k.kpi_id
left join dim_kpi plan on plan.kpi_id = k.plan_kpi_id
left join ${objective_list} o on o.objective_id = k.objective_id
left join dim_key_result_type t on t.type = k.type
left join ${status_order} s on s.status = k.status
left join weeks on weeks.key_result_id = k.key_result_id
left join fed on fed.key_result_id = k.key_result_id
left join stated on stated.key_result_id = k.key_result_id
left join fct_key_result_final f on f.key_result_id = k.key_result_id and f.period = k.period and f.is_last
