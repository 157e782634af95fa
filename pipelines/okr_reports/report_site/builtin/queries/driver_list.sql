-- Who moved each key result's number, with the key result's name and unit.
select d.key_result_id, d.comparison, d.weeks_unit, d.dimension, d.member, d.member_title, d.contribution, d.volume_effect, d.rate_effect,
  d.member_state, d.value_before, d.value_after, d.position, k.title, k.period, k.unit, case k.unit when 'percent' then 'pp' else k.unit end as move_unit
from key_result_drivers d join key_results k on k.key_result_id = d.key_result_id
