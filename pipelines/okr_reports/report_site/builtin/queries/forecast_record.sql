-- Every weekly forecast of a key result that is over, with its name and what came.
select d.key_result_id, d.kpi_id, d.week, d.date, d.is_published, d.forecast_low, d.forecast, d.forecast_high, d.probability, d.value, d.is_held, d.is_reached,
  r.title, r.own_unit as unit, r.period
from fct_key_result_forecast d join ${result_record} r on r.key_result_id = d.key_result_id and r.is_defined and r.is_last
