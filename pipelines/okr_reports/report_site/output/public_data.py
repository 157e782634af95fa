"""The site's `data/` folder, for scripts: key results, objectives and KPIs as CSV and JSON, columns as in the marts."""

from __future__ import annotations

from pathlib import Path

from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import Statement
from okr_reports.report_site.source_files import Query
from okr_reports.report_site.views.downloads import csv_bytes, json_bytes

TABLES = {
    "key_results": "select * from key_results order by period, objective_id, position, key_result_id",
    "objectives": "select * from objectives order by period, position, objective_id",
    "kpis": "select * from dim_kpi order by kpi_id",
}


def public_files(reader: Reader) -> dict[str, bytes]:
    """The files by path."""
    files = {}
    for name, sql in TABLES.items():
        query = Query(name, sql, Path(f"marts.{name}"), 1)
        result = reader.run(Statement(query, sql, (), 0), {})
        rows = [list(row) for row in result.rows]
        files[f"data/{name}.csv"] = csv_bytes(result.columns, rows, for_excel=False)
        files[f"data/{name}.json"] = json_bytes(result.columns, rows)
    return files
