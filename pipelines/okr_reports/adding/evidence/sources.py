"""The sources of a project as tables: files are copied, what a DuckDB or SQLite file answers is kept as Parquet."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from okr_reports.adding.evidence.queries import name_of

FILES = (".csv", ".parquet", ".json", ".jsonl", ".xlsx")
Note = Callable[[Path, int, str, str], None]


@dataclass
class Sources:
    """The tables of a project: how pages write each (`folder.name`) and its id, and what `tables` says of them."""

    named: dict[str, str] = field(default_factory=dict)
    entries: list[dict[str, str]] = field(default_factory=list)

    def add(self, folder: str, name: str, entry: dict[str, str]) -> str:
        """The id of a table, which no other one has."""
        taken = set(self.named.values())
        wanted = name_of(name)
        wanted = wanted if wanted not in taken and wanted not in RESERVED else name_of(f"{folder}_{name}")
        while wanted in taken:
            wanted += "_2"
        self.named[f"{folder}.{name}"] = wanted
        self.entries.append({"id": wanted, **entry})
        return wanted


# ids that tables may not have: those of the marts
RESERVED = {"objectives", "initiatives", "tables", "key_results", "source_health"}


def read_sources(project: Path, target: Path, note: Note) -> Sources:
    """Copy or ask what the folders of `sources/` hold, into `target`/tables."""
    sources = Sources()
    for folder in sorted(path for path in (project / "sources").glob("*") if path.is_dir()):
        described = _described(folder, note)
        # pages write the connection's name, which need not be the folder's
        schema = str(described.get("name") or folder.name)
        kind, options = str(described.get("type", "csv")), described.get("options") or {}
        queries = sorted(folder.rglob("*.sql"))
        if kind in ("csv", "excel", "gsheets", "javascript", "duckdb", "motherduck") or not queries:
            _copied(folder, schema, sources, target)
        if kind in ("duckdb", "sqlite", "csv") and queries:
            for path in queries:
                _queried(project, folder, schema, path, kind, options, sources, target, note)
        elif queries:
            for path in queries:
                sources.add(schema, path.stem, {"connection": name_of(schema), "query": _text(path)})
            what = f"the connection of type {kind}"
            section = f"[sources.sql.{name_of(schema)}.credentials]"
            note(
                folder / "connection.yaml",
                1,
                what,
                f"give its url under {section} in .dlt/secrets.toml, then okr refresh",
            )
        elif kind in ("javascript", "gsheets"):
            note(
                folder / "connection.yaml",
                1,
                f"the source of type {kind}",
                "put what it gives into a file under tables",
            )
    return sources


def _described(folder: Path, note: Note) -> dict[str, Any]:
    path = folder / "connection.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (yaml.YAMLError, UnicodeDecodeError):
        note(path, 1, "connection.yaml", "is not YAML")
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip().rstrip(";")


def _copied(folder: Path, schema: str, sources: Sources, target: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in FILES and path.is_file():
            file = f"{name_of(folder.name)}_{name_of(path.stem)}{path.suffix.lower()}"
            (target / "tables").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / "tables" / file)
            sources.add(schema, path.stem, {"path": f"tables/{file}"})


def _queried(
    project: Path, folder: Path, schema: str, path: Path, kind: str, options: dict[str, Any], sources: Sources,
    target: Path, note: Note,
) -> None:  # fmt: skip
    """Ask a file of a database what the project's query asks of it, once."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    database = folder / str(options.get("filename") or "")
    try:
        if kind == "sqlite":
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
                cursor = connection.execute(_text(path))
                names = [column[0] for column in cursor.description]
                table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in cursor])
        else:
            table = _of_duckdb(project, folder, database if database.is_file() else None, _text(path))
    except Exception as error:  # whatever a foreign database or its SQL raises is one line of the list
        why = str(error).splitlines()[0][:140] if str(error) else type(error).__name__
        where = name_of(schema)
        sources.add(schema, path.stem, {"connection": where, "query": _text(path)})
        todo = f"give the url of {where!r} in .dlt/secrets.toml, or put a file in its place"
        note(path, 1, f"the query {path.stem!r}", f"cannot be asked here ({why}): {todo}")
        return
    file = f"{name_of(folder.name)}_{name_of(path.stem)}.parquet"
    (target / "tables").mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, target / "tables" / file)
    sources.add(schema, path.stem, {"path": f"tables/{file}"})
    note(path, 1, f"the query {path.stem!r}", f"was asked once, on this day: okr_definitions/tables/{file}")


def _of_duckdb(project: Path, folder: Path, database: Path | None, sql: str) -> Any:
    """The answer of one SELECT, which may read the project's own files and nothing else."""
    import duckdb

    (statement,) = duckdb.extract_statements(sql)
    if statement.type != duckdb.StatementType.SELECT:
        raise ValueError("it is not one SELECT")
    with duckdb.connect() as connection:
        connection.execute(f"set file_search_path = '{_quoted(folder)},{_quoted(project)}'")
        if database is not None:
            name = database.stem.replace('"', "")
            connection.execute(f"attach '{_quoted(database)}' as \"{name}\" (read_only)")
            connection.execute(f'use "{name}"')
        connection.execute(f"set allowed_directories = ['{_quoted(project)}']")
        connection.execute("set enable_external_access = false")
        return _flat(connection.sql(sql).to_arrow_table())


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("'", "''")


def _flat(table: Any) -> Any:
    """Lists and structures as texts: a table of one's own holds plain values."""
    import pyarrow as pa

    columns = []
    for column in table.columns:
        is_nested = pa.types.is_nested(column.type)
        columns.append(
            pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string()) if is_nested else column
        )
    return pa.table(columns, names=table.column_names)


def routes_of(pages: Path) -> Iterator[tuple[Path, str]]:
    """Every page file with its address here: small letters, digits, - and _ in each part."""
    for path in sorted(pages.rglob("*.md")):
        parts = path.relative_to(pages).with_suffix("").parts
        yield path, "/".join(_slug(part) for part in parts)


def _slug(part: str) -> str:
    if part.startswith("["):
        return "[" + name_of(part.strip("[]")) + "]"
    return (
        "-".join("".join(letter if letter.isalnum() or letter in "_-" else " " for letter in part.lower()).split())
        or "page"
    )
