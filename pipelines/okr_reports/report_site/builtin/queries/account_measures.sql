-- Every measure of an account whose measures may reach to different days, with the names of both.
select m.channel, m.account_id, m.measure, m.state, m.data_through, m.furthest_through, coalesce(c.title, m.channel) as channel_title,
  coalesce(d.title, m.measure) as measure_title, h.account_name, h.state as account_state
from source_measures m
left join dim_channel c on c.channel = m.channel
left join source_health h on h.channel = m.channel and h.account_id = m.account_id
left join dim_measure d on d.measure = m.measure
