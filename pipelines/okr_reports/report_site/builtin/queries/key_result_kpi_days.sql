-- The days of a key result's KPI in its period, and the two weeks before.
select k.key_result_id, k.data_through, kpi.kind, f.date, f.numerator, f.denominator, f.value, f.date >= k.period_start as is_in_period
from key_results k join fct_kpi_daily f on f.kpi_id = k.kpi_id and f.date between k.period_start - 14 and k.period_end
join dim_kpi kpi on kpi.kpi_id = k.kpi_id
