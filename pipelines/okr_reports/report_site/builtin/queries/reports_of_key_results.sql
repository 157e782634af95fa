-- What this site said of each key result on each day, beside what the data says of that day now.
select r.key_result_id, r.reported_on, r.date, case when t.is_share then r.score else r.value end as reported_value,
  case when t.is_share then d.score else d.value end as known_now, known_now - reported_value as difference,
  r.status as reported_status, d.status as status_now, case when t.is_share then 'percent' else k.unit end as unit,
  case when t.is_share or k.unit = 'percent' then 'pp' else k.unit end as unit_of_difference
from fct_key_result_reported r join key_results k on k.key_result_id = r.key_result_id
left join dim_key_result_type t on t.type = k.type
left join fct_key_result_daily d on d.key_result_id = r.key_result_id and d.date = r.date
