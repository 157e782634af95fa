-- Every day of every KPI, `ago` days before the last one that it is known for; a KPI without days is there once.
select k.kpi_id, k.title, k.description, k.kind, k.unit, k.better, k.channel, k.channel_title, k.data_through, k.through, k.is_recent,
  k.has_unit, k.has_unit_before, k.unit_grain, k.unit_first, k.unit_before, k.unit_now, k.unit_earlier, k.unit_line,
  f.date, f.numerator, f.denominator, f.value, f.is_provisional, date_diff('day', f.date, k.through) as ago
from ${kpi_list} k left join fct_kpi_daily f on f.kpi_id = k.kpi_id
