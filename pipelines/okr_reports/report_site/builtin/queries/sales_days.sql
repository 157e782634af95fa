-- What the CRM says of each day, by measure.
select f.date, f.measure, sum(f.value) as value
from fct_measure_daily f join dim_channel c on c.channel = f.channel and c.kind = 'crm' group by f.date, f.measure
