-- Each day of advertising beside what the CRM says of it. `spend_for_leads`, `spend_for_value`: of channels that report any.
with spent as (
  select date, sum(spend) as spend, sum(clicks) as clicks, sum(leads) as leads, sum(conversion_value) as conversion_value,
    sum(spend) filter (where tells_leads) as spend_for_leads, sum(spend) filter (where tells_value) as spend_for_value
  from ${ad_days} group by date
), sold as (
  select date, sum(value) filter (where measure = 'mqls') as mqls, sum(value) filter (where measure = 'sqls') as sqls,
    sum(value) filter (where measure = 'created_pipeline_value') as pipeline,
    sum(value) filter (where measure = 'deals_won') as deals_won, sum(value) filter (where measure = 'marketing_deals_won') as marketing_deals_won,
    sum(value) filter (where measure = 'revenue') as revenue, sum(value) filter (where measure = 'marketing_revenue') as marketing_revenue
  from ${sales_days} group by date
)
select coalesce(spent.date, sold.date) as date, spend, clicks, leads, conversion_value, spend_for_leads, spend_for_value,
  mqls, sqls, pipeline, deals_won, marketing_deals_won, revenue, marketing_revenue
from spent full join sold on sold.date = spent.date
