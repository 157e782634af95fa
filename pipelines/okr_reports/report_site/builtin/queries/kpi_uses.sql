-- Every KPI with the key results that count it (`is_counted`) or have it beside them.
select t.kpi_id, t.is_counted, k.key_result_id, k.title, k.status, k.objective_id, k.period, p.title as period_title,
  c.today between k.period_start and k.period_end as is_running
from (
  select key_result_id, kpi_id, true as is_counted from key_results where kpi_id is not null
  union all
  select key_result_id, kpi_id, false from key_result_kpis
) t join key_results k on k.key_result_id = t.key_result_id cross join report_context c
left join dim_period p on p.period_id = k.period
