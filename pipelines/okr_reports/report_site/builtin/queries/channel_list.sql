-- Every channel with the state of its accounts together, and the day that all of them are known for.
select c.channel, c.title, c.kind, c.lookback_days, min(h.data_through) as data_through,
  case when bool_or(h.state = 'failed') then 'failed' when bool_or(h.state <> 'fresh') then 'stale' else 'fresh' end as state
from dim_channel c left join source_health h on h.channel = c.channel group by c.channel, c.title, c.kind, c.lookback_days
