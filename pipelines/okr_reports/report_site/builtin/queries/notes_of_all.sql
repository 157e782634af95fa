-- Every note with each thing that it says something about: the one it names (`subject`), and all that rests on that one.
with rests as (
  select 'key_result' as kind, key_result_id as id, 'objective' as on_kind, objective_id as on_id from key_results
  union select 'key_result', key_result_id, 'team', team from key_results
  union select 'key_result', key_result_id, 'kpi', kpi_id from key_results
  union select 'key_result', key_result_id, 'kpi', kpi_id from key_result_kpis
  union select 'key_result', key_result_id, 'kpi', plan_kpi_id from key_results
  union select 'key_result', key_result_id, 'channel', channel from key_result_sources
  union select 'kpi', kpi_id, 'channel', unnest(string_split(channel, ', ')) from dim_kpi
  union select 'kpi', kpi_id, 'channel', channel from ${key_result_accounts} where kpi_id is not null and is_plan is not true
  union select 'objective', objective_id, 'team', team from objectives
), named as (
  select 'kpi' as kind, kpi_id as id, title from dim_kpi union all select 'channel', channel, title from dim_channel
  union all select 'team', team_id, title from dim_team union all select 'objective', objective_id, title from objectives
), noted as (
  select n.note_id, n.date, n.text, n.on_kind, n.on_id, coalesce(s.title, n.on_id) as subject
  from fct_note n left join named s on s.kind = n.on_kind and s.id = n.on_id
)
select n.on_kind as kind, n.on_id as id, n.note_id, n.date, n.text, n.on_kind, n.on_id, n.subject, true as own from noted n
union all
select r.kind, r.id, n.note_id, n.date, n.text, n.on_kind, n.on_id, n.subject, false from noted n join rests r using (on_kind, on_id)
