-- The key result a component was given, once for all components of a page
select k.*, k.progress / nullif(k.expected, 0) as ratio,
  k.period_end < (select today from report_context) as is_closed, case when k.data_through > k.period_end then k.period_end else k.data_through end as counted_through
from key_results k
where k.key_result_id = ${attributes.key_result}
