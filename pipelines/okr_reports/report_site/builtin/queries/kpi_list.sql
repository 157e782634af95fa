-- Every KPI with the last day that it is known for (`through`; `is_recent`: within 400 days), its last whole unit where
-- it comes by months or quarters beside the one before, and who uses it. `role`: 1 spend, 2 leads, 3 cost per lead,
-- 4 pipeline, 5 revenue.
with known as (
  select f.kpi_id, max(f.date) as through from fct_kpi_daily f, report_context c where f.value is not null and f.date <= c.data_through group by f.kpi_id
), units as (
  select kpi_id, max(grain) as grain, max(first_day) filter (where place = 1) as first_day, max(first_day) filter (where place = 2) as first_before,
    max(value) filter (where place = 1) as now, max(value) filter (where place = 2) as before,
    max(line) filter (where place = 1) as line, count(*) filter (where place = 1) > 0 as has_now, count(*) filter (where place = 2) > 0 as has_before
  from ${kpi_units} where grain <> 'week' group by kpi_id
), uses as (
  select kpi_id, count(distinct key_result_id) as times from ${kpi_uses} where is_running group by kpi_id
), company as (
  select measure_kpi_id as kpi_id, min(position) as place from objectives, report_context
  where team is null and measure_kpi_id is not null and today between period_start and period_end group by measure_kpi_id
)
select k.kpi_id, k.title, k.description, k.kind, k.measure, k.numerator, k.denominator, k.unit, k.better, k.channel, k.overview_position, k.grain,
  coalesce(ch.title, k.channel) as channel_title, c.data_through, known.through,
  known.through > c.data_through - 400 as is_recent,
  coalesce(units.has_now, false) as has_unit, coalesce(units.has_before, false) as has_unit_before, case when units.has_now then units.grain end as unit_grain,
  units.first_day as unit_first, units.first_before as unit_before, units.now as unit_now, units.before as unit_earlier, units.line as unit_line,
  uses.times, company.place as company_place,
  case when k.measure = 'spend' then 1 when k.measure = 'leads' then 2 when k.numerator = 'spend' and k.denominator = 'leads' then 3
    when k.measure in ('created_pipeline_value', 'marketing_created_pipeline_value') then 4 when k.measure in ('revenue', 'marketing_revenue') then 5 end as role
from dim_kpi k cross join report_context c
left join dim_channel ch on ch.channel = k.channel
left join known on known.kpi_id = k.kpi_id
left join units on units.kpi_id = k.kpi_id
left join uses on uses.kpi_id = k.kpi_id
left join company on company.kpi_id = k.kpi_id
