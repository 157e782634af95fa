-- The last day of a channel that every account of it is known for which is not far behind. What comes by months or
-- quarters (`grain`; day for anything else) is shown up to `last`, the end of its last whole unit, if one is over.
with known as (
  select d.channel, case when d.grain in ('month', 'quarter') then d.grain else 'day' end as grain, coalesce(d.grain, 'day') = 'day' as is_by_day,
    coalesce(min(h.data_through), max(c.data_through)) as through
  from report_context c cross join dim_channel d left join source_health h on h.channel = d.channel and h.data_through > c.data_through - case d.grain when 'month' then 62 when 'quarter' then 184 else 28 end
  group by all
), began as (
  select channel, min(date) as first from fct_measure_daily where channel in (select channel from known where grain <> 'day') group by channel
)
select channel, grain, is_by_day, through, case when grain = 'day' or first is null or first >= date_trunc(grain, through + 1)
  then through else date_trunc(grain, through + 1)::date - 1 end as last
from known left join began using (channel)
