-- Every change of a KPI with the key results that count it: the last number reported before, and the same day as counted now.
with before as (
  select v.kpi_id, v.valid_from, k.key_result_id, k.title, k.unit, max(r.date) as date,
    (max({'on': r.reported_on, 'value': r.value}) filter (where r.value is not null)).value as value_before
  from kpi_versions v join key_results k on k.kpi_id = v.kpi_id join fct_key_result_reported r on r.key_result_id = k.key_result_id
  where v.version > 1 and r.reported_on < v.valid_from and r.date >= k.period_start and r.date <= k.period_end
    and not exists (select 1 from fct_key_result_final f where f.key_result_id = k.key_result_id and f.period = k.period and f.closed_on < v.valid_from)
  group by all
)
select b.kpi_id, b.valid_from, b.key_result_id, b.title, b.unit, b.date, b.value_before, d.value as value_after
from before b left join fct_key_result_daily d on d.key_result_id = b.key_result_id and d.date = b.date
