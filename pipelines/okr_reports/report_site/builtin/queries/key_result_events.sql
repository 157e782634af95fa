-- The events of a key result's KPI in its period.
select k.key_result_id, e.event_id, e.title, e.start_date, e.end_date
from kpi_events e join key_results k on k.kpi_id = e.kpi_id where e.start_date <= k.period_end and e.end_date >= k.period_start
