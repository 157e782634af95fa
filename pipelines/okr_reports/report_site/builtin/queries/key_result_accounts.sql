-- Every account that feeds a key result, with the names of both, and how far the account is loaded.
select s.key_result_id, s.channel, s.account_id, s.data_through, s.state, s.is_plan, coalesce(a.account_name, '') as account_name,
  coalesce(c.title, s.channel) as channel_title, (a.last_load_at at time zone now.timezone)::date as last_load, a.provisional_from,
  k.title, k.status, k.kpi_id, k.stale_since, k.data_through as key_result_through, k.period_end, p.title as period_title,
  now.today between k.period_start and k.period_end as is_running
from key_result_sources s cross join report_context now
left join key_results k on k.key_result_id = s.key_result_id
left join dim_period p on p.period_id = k.period
left join dim_channel c on c.channel = s.channel
left join source_health a on a.channel = s.channel and a.account_id = s.account_id
