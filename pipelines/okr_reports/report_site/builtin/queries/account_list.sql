-- Every account that is loaded, with its channel's title and the place of its state in lists, what is broken first.
select h.channel, h.account_id, h.account_name, h.state, h.data_through, h.provisional_from, h.last_load_at, h.last_error, h.note,
  h.withheld_days, h.sampled_days, h.grouped_days, h.last_flagged_day, h.stale_since,
  c.title as channel_title, coalesce(c.title, h.channel) as channel_name, c.lookback_days,
  case h.state when 'failed' then 1 when 'never_loaded' then 2 when 'stale' then 3 when 'partial' then 4 else 5 end as state_place
from source_health h left join dim_channel c on c.channel = h.channel
