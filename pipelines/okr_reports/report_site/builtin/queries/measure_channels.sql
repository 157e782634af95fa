-- Every measure with data, by channel.
select m.measure, m.channel, coalesce(c.title, m.channel) as channel_title
from (select distinct measure, channel from fct_measure_daily) m left join dim_channel c on c.channel = m.channel
