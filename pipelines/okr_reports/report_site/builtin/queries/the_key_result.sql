-- The key result a component was given, once for all components of a page
select * from ${scorecard} where key_result_id = ${attributes.key_result}
