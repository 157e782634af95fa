"""Marketing OKR reporting: channels by dlt into DuckDB, scored by dbt, published as a static site."""
