"""An analysts' copy without data: every mart with the columns that its dbt contract promises, for checking pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from okr_reports.common.page_tables import ABOUT, ABOUT_COLUMNS
from okr_reports.common.page_tables import SCHEMA as TABLES
from okr_reports.common.sql_text import quoted_name
from okr_reports.settings import shipped
from okr_reports.words.copied import SENTENCES

SCHEMA = "marts"
# the one row without which no page can be written
CONTEXT: dict[str, str] = {
    "organisation": "'-'", "currency": "'EUR'", "timezone": "'UTC'", "locale": "'en-GB'", "language": "'en'",
    "today": "date '2026-01-01'", "data_through": "date '2025-12-31'", "refresh_id": "'-'",
    "refreshed_at": "timestamptz '2026-01-01 00:00:00+00'",
}  # fmt: skip


def write_blank_copy(path: Path, tables: Mapping[str, Mapping[str, str]] | None = None) -> None:
    """Write it to `path`, which must not be there; `tables` are those of one's own, with columns and types."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema {SCHEMA}")
        for table, columns in contracts().items():
            listed = ", ".join(f"{quoted_name(name)} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {SCHEMA}.{quoted_name(table)} ({listed})")
            if table == "report_context":
                row = ", ".join(CONTEXT.get(name, "null") for name in columns)
                connection.execute(f"insert into {SCHEMA}.{table} values ({row})")
        connection.execute(f"create schema {TABLES}")
        for table, own in {**(tables or {}), ABOUT: ABOUT_COLUMNS}.items():
            listed = ", ".join(f"{quoted_name(name)} {kind}" for name, kind in own.items())
            connection.execute(f"create table {TABLES}.{quoted_name(table)} ({listed})")


def contracts() -> dict[str, dict[str, str]]:
    """Mart -> column -> type, as dbt_project/models/marts/*.yml say, with the copy's sentences beside its codes."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((shipped("dbt_project") / "models" / "marts").glob("*.yml")):
        with path.open("rb") as file:
            written: dict[str, Any] = yaml.load(file, Loader=yaml.CSafeLoader)
        for model in written.get("models", ()):
            found[model["name"]] = {column["name"]: column["data_type"] for column in model["columns"]}
    for sentence in SENTENCES:
        found[sentence.mart].setdefault(sentence.column, "varchar")
    return found
