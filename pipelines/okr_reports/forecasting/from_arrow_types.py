"""The types of what goes in and comes out, in DuckDB's words; no import, since every start of dbt reads them."""

STATE = (
    "struct(date date, value double, baseline double, aim_low double, aim_high double, weeks_kept bigint,"
    " weeks_observed bigint, weeks_left bigint, allowed_misses bigint, min_denominator double)[]"
)
DAY = "struct(date date, unit_start date, amount double, denominator double, factor double, is_uncertain boolean)[]"
ROWS = "struct(date date, forecast_low double, forecast double, forecast_high double, probability double)[]"
WATCHED = "struct(date date, amount double, denominator double, factor double, is_uncertain boolean)[]"
NEWS = "struct(date date, days bigint, value double, low double, high double)[]"
