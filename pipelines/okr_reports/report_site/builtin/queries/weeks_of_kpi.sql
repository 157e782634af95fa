-- The last twelve whole weeks of the KPI a component was given, oldest first; null for a stock, which is no sum of weeks.
select list(value order by week desc, value) as line from (
  select date_diff('day', f.date, e.through) // 7 as week, case max(k.kind) when 'ratio' then sum(f.numerator)::double / nullif(sum(f.denominator)::double, 0)
    when 'flow' then sum(f.numerator)::double end as value
  from fct_kpi_daily f join dim_kpi k using (kpi_id), (select least(max(f.date) filter (where f.value is not null), max(c.data_through)) as through
    from fct_kpi_daily f, report_context c where f.kpi_id = ${attributes.kpi}) e
  where f.kpi_id = ${attributes.kpi} and f.date <= e.through and f.date > e.through - 84 group by week
)
