"""A verified source of dlt as its authors wrote it, loaded by dlt into DuckDB; prints the loaded rows as JSON lines.

`python dlt_source.py FOLDER hubspot TABLE`, or `... facebook_ads ACCOUNT DAYS`; the sources' folder is on PYTHONPATH.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import dlt

KINDS = {"contacts": "contact", "companies": "company", "deals": "deal"}
CRM = ("hs_object_id", "createdate", "hs_analytics_source")
INSIGHTS = ("campaign_id", "date_start", "impressions", "clicks", "spend")


def crm(table: str) -> tuple[Any, str, tuple[str, ...]]:
    from hubspot import hubspot

    source = hubspot(api_key="sandbox", include_custom_props=False, properties={KINDS[table]: list(CRM)})
    return source.with_resources(table), table, CRM


def insights(account: str, days: str) -> tuple[Any, str, tuple[str, ...]]:
    from facebook_ads import facebook_insights_source

    source = facebook_insights_source(
        account, "sandbox", initial_load_past_days=int(days), attribution_window_days_lag=0
    )
    return source, "facebook_insights", INSIGHTS


def main(folder: str, name: str, *arguments: str) -> None:
    source, table, columns = {"hubspot": crm, "facebook_ads": insights}[name](*arguments)
    pipeline = dlt.pipeline(name, pipelines_dir=folder, destination=dlt.destinations.duckdb(f"{folder}/loaded.duckdb"))
    pipeline.run(source)
    with pipeline.sql_client() as client, client.execute_query(f"select {', '.join(columns)} from {table}") as rows:
        for row in rows.fetchall():
            print(json.dumps(dict(zip(columns, row, strict=True)), default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
