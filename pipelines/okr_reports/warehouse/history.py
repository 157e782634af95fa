"""What was published on each day, kept so that the report of any past day can be built again to the byte.

`<data>/history/days/<day>.json` lists, for the last publication of that day, the Parquet parts of every mart;
`<data>/history/parts/` holds the parts, named after their content. Dated facts are cut by month, so a day adds only
what changed since the day before: the months that were read again, and the small tables of the current state.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.errors import OkrError
from okr_reports.sql_text import quoted_name, quoted_text
from okr_reports.warehouse.snapshot import SCHEMA, STORAGE_VERSION

# Below this a table is one part: cutting small tables makes many tiny files and saves nothing.
ROWS_WORTH_CUTTING = 5_000


# A mart by name, with its comment, its columns and the file names of its parts.
Kept = list[dict[str, Any]]


def write_parts(snapshot: Path, history: Path) -> Kept:
    """Write what is new in the analysts' copy; it is of no day until it is kept as one's."""
    (history / "parts").mkdir(parents=True, exist_ok=True)
    tables: Kept = []
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        for name, comment in connection.execute(
            "select table_name, comment from duckdb_tables() where schema_name = ? order by 1", [SCHEMA]
        ).fetchall():
            columns = _columns(connection, name)
            parts = [
                _write_part(connection, history / "parts", name, where, columns)
                for where in _cuts(connection, name, [column["name"] for column in columns])
            ]
            tables.append({"name": name, "comment": comment, "columns": columns, "parts": parts})
    return tables


def keep(tables: Kept, history: Path, day: date) -> None:
    """Remember the parts as what was published on `day`."""
    (history / "days").mkdir(parents=True, exist_ok=True)
    target = history / "days" / f"{day.isoformat()}.json"
    building = target.with_suffix(".building")
    building.write_text(json.dumps(tables, indent=1), encoding="utf-8")
    building.replace(target)


def known_on(history: Path, day: date) -> date:
    """The last day up to `day` on which something was published. Raises OkrError if there is none."""
    days = sorted(path.stem for path in (history / "days").glob("*.json"))
    until = [kept for kept in days if kept <= day.isoformat()]
    if until:
        return date.fromisoformat(until[-1])
    if not days:
        raise OkrError(f"nothing was known on {day}: nothing has been published yet; run `okr refresh` first")
    raise OkrError(f"nothing was known on {day}: the first report was published on {days[0]}; name a later day")


def restore(history: Path, day: date, target: Path) -> None:
    """Write the analysts' copy as it was published on `day` (a day that `known_on` gave) to `target`."""
    tables = json.loads((history / "days" / f"{day.isoformat()}.json").read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"attach {quoted_text(str(target))} as copy (storage_version {quoted_text(STORAGE_VERSION)})"
        )
        connection.execute(f"create schema copy.{SCHEMA}")
        for table in tables:
            name = f"copy.{SCHEMA}.{quoted_name(table['name'])}"
            columns = ", ".join(f"{quoted_name(column['name'])} {column['type']}" for column in table["columns"])
            connection.execute(f"create table {name} ({columns})")
            for part in table["parts"]:
                connection.execute(f"insert into {name} from read_parquet(?)", [str(history / "parts" / part)])
            if table["comment"]:
                connection.execute(f"comment on table {name} is {quoted_text(table['comment'])}")
            for column in table["columns"]:
                if column["comment"]:
                    place = f"{name}.{quoted_name(column['name'])}"
                    connection.execute(f"comment on column {place} is {quoted_text(column['comment'])}")


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where schema_name = ? and table_name = ? order by column_index",
        [SCHEMA, table],
    ).fetchall()
    return [{"name": name, "type": kind, "comment": comment} for name, kind, comment in rows]


def _cuts(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> list[str]:
    """The conditions that cut a table into its parts: by month where there are many dated rows."""
    name = f"{SCHEMA}.{quoted_name(table)}"
    (count,) = connection.execute(f"select count(*) from {name}").fetchone() or (0,)
    if "date" not in columns or count < ROWS_WORTH_CUTTING:
        return ["true"]
    months = connection.execute(
        f"select distinct date_trunc('month', date)::date from {name} where date is not null order by 1"
    ).fetchall()
    return ["date is null", *(f"date_trunc('month', date) = date '{month}'" for (month,) in months)]


def _write_part(
    connection: duckdb.DuckDBPyConnection,
    parts: Path,
    table: str,
    where: str,
    columns: list[dict[str, Any]],
) -> str:
    """Write one part unless one of the same content is there; its file name."""
    rows = f"(from {SCHEMA}.{quoted_name(table)} where {where})"
    # A sum of row hashes does not depend on the order the rows lie in.
    count, digest = connection.execute(f"select count(*), sum(hash(rows)) from {rows} as rows").fetchone() or (0, 0)
    shape = hashlib.sha256(json.dumps([where, columns]).encode()).hexdigest()[:8]
    name = f"{table}-{shape}-{count}-{digest or 0:x}.parquet" if count else f"{table}-{shape}-0.parquet"
    target = parts / name
    if target.exists():
        return name
    building = target.with_suffix(f".{os.getpid()}.building")
    connection.execute(
        f"copy (from {rows} order by all) to {quoted_text(str(building))} (format parquet, compression zstd)"
    )
    building.replace(target)
    return name
