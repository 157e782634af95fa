-- The status of every key result on each day, `days_ago` from the last day with data, beside the one of today.
select d.key_result_id, d.date, date_diff('day', d.date, c.data_through) as days_ago, d.status as status_then,
  k.title, k.owner, k.team, k.period, k.status, k.progress, s.status_place, c.today between k.period_start and k.period_end as is_running
from fct_key_result_daily d cross join report_context c
join key_results k on k.key_result_id = d.key_result_id
left join ${status_order} s on s.status = k.status
