-- Every KPI over the last 7 and 28 days and in this quarter, each against as many days before.
with spans as (
  select kpi_id, unit, kind, better, coalesce(through, data_through) as last, unnest([1, 2, 3]) as position from ${kpi_list}
), dated as (
  select kpi_id, unit, kind, better, position, last, ['Last 7 days', 'Last 28 days', 'This quarter'][position] as name,
    case position when 1 then last - 6 when 2 then last - 27 else date_trunc('quarter', last)::date end as first,
    case position when 1 then last - 13 when 2 then last - 55 else (date_trunc('quarter', last) - interval 3 month)::date end as first_before,
    case position when 1 then last - 7 when 2 then last - 28
      else ((date_trunc('quarter', last) - interval 3 month)::date + date_diff('day', date_trunc('quarter', last)::date, last)::int) end as last_before
  from spans
)
select s.kpi_id, s.position, s.name, s.unit, s.kind, s.better, s.last as through, date_diff('day', s.first, s.last) + 1 as days,
  s.kind <> 'flow' or min(f.date) filter (where f.value is not null) <= s.first_before + 2 as covered,
  case s.kind when 'ratio' then sum(f.numerator) filter (where f.date between s.first and s.last)::double / nullif(sum(f.denominator) filter (where f.date between s.first and s.last)::double, 0)
    when 'flow' then sum(f.numerator) filter (where f.date between s.first and s.last)::double
    else (max({'date': f.date, 'value': f.value}) filter (where f.value is not null and f.date between s.first and s.last)).value end as now,
  case s.kind when 'ratio' then sum(f.numerator) filter (where f.date between s.first_before and s.last_before)::double / nullif(sum(f.denominator) filter (where f.date between s.first_before and s.last_before)::double, 0)
    when 'flow' then sum(f.numerator) filter (where f.date between s.first_before and s.last_before)::double
    else (max({'date': f.date, 'value': f.value}) filter (where f.value is not null and f.date between s.first_before and s.last_before)).value end as before
from dated s left join fct_kpi_daily f on f.kpi_id = s.kpi_id
group by s.kpi_id, s.position, s.name, s.unit, s.kind, s.better, s.first, s.last, s.first_before
