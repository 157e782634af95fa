-- KPIs whose sources speak by weeks, months or quarters, unit by unit, with `place` from the last whole one (1) back; 0
-- is a unit that is not over; `line`: those that are over, the oldest first. Weeks end on the weekday of the last known day.
with known as (
  select k.kpi_id, k.kind, k.grain, least(max(f.date) filter (where f.value is not null), max(c.data_through)) as through
  from dim_kpi k join fct_kpi_daily f using (kpi_id), report_context c where k.grain in ('week', 'month', 'quarter') group by all
), days as (
  select n.*, f.date, f.numerator, f.denominator, f.value, case n.grain when 'week' then (n.through - 6 - 7 * (date_diff('day', f.date, n.through)::int // 7))
    else date_trunc(n.grain, f.date)::date end as first_day
  from known n join fct_kpi_daily f using (kpi_id) where f.date <= n.through
), units as (
  select kpi_id, grain, first_day, case grain when 'week' then first_day + 6 when 'month' then (first_day + interval 1 month)::date - 1 else (first_day + interval 3 month)::date - 1 end as last_day,
    case max(kind) when 'ratio' then sum(numerator)::double / nullif(sum(denominator)::double, 0) when 'flow' then sum(numerator)::double
      else (max({'date': date, 'value': value}) filter (where value is not null)).value end as value, max(through) as through
  from days group by all
), placed as (
  select kpi_id, grain, first_day, last_day, value, case when last_day <= through then rank() over (partition by kpi_id, last_day <= through order by first_day desc) else 0 end as place
  from units
)
select p.*, l.line, k.title, k.unit, k.kind, k.better
from placed p left join (select kpi_id, list(value order by first_day) as line from placed where place > 0 group by kpi_id) l using (kpi_id)
join dim_kpi k using (kpi_id)
