"""Collecting the rows of a test snapshot and writing them as `okr.duckdb`; the days it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.warehouse.older_copy import derive
from tests.report_site.snapshot_tables import DDL

TODAY = date(2026, 11, 23)
THROUGH = date(2026, 11, 22)
PROVISIONAL_FROM = date(2026, 11, 16)
PERIODS = {"2026-Q3": (date(2026, 7, 1), date(2026, 9, 30)), "2026-Q4": (date(2026, 10, 1), date(2026, 12, 31))}
HOSTILE = '<img src=x onerror=alert(1)> {{7*7}} ${params.id} "quoted" & [link](javascript:alert(1)) =1+1'

Row = tuple[Any, ...]


def days(start: date, end: date) -> Iterator[date]:
    for number in range((end - start).days + 1):
        yield start + timedelta(days=number)


class Rows:
    """Collects the rows of every mart and writes them to a file."""

    def __init__(self, language: str, locale: str, scale: int, payload: str | None) -> None:
        self.random = Random(7)
        self.language, self.locale, self.scale, self.payload = language, locale, scale, payload
        self.rows: dict[str, list[Row]] = {table: [] for table in DDL}

    def text(self, texts: dict[str, str] | str) -> str:
        if self.payload is not None:
            return self.payload
        return texts if isinstance(texts, str) else texts[self.language]

    def texts(self, texts: dict[str, str] | str) -> str:
        return json.dumps({"es": self.text(texts)} if isinstance(texts, str) else texts, ensure_ascii=False)

    def add(self, table: str, *row: Any) -> None:
        """A row; the columns that it leaves out at the end are null."""
        self.rows[table].append((*row, *[None] * (len(DDL[table]) - len(row))))

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            for table, columns in DDL.items():
                names = [column.split()[0] for column in columns]
                described = ", ".join(columns)
                connection.execute(f"create table marts.{table} ({described})")
                if not self.rows[table]:
                    continue
                values = zip(*self.rows[table], strict=True)
                rows = pa.table({name: pa.array(list(column)) for name, column in zip(names, values, strict=True)})
                connection.register("rows_of_table", rows)
                connection.execute(f"insert into marts.{table} select * from rows_of_table")
                connection.unregister("rows_of_table")
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as copy")
            derive(connection)
        return path
