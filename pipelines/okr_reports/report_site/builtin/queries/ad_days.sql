-- Advertising by channel and day. `tells_leads`, `tells_value`: whether the channel reports any at all.
select f.channel, coalesce(c.title, f.channel) as channel_title, f.date, sum(f.spend) as spend, sum(f.impressions) as impressions, sum(f.clicks) as clicks,
  sum(f.leads) as leads, sum(f.conversions) as conversions, sum(f.conversion_value) as conversion_value,
  count(sum(f.leads)) over (partition by f.channel) > 0 as tells_leads, count(sum(f.conversion_value)) over (partition by f.channel) > 0 as tells_value
from fct_ad_daily f left join dim_channel c on c.channel = f.channel group by f.channel, channel_title, f.date
