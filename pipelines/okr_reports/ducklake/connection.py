"""A connection to DuckDB in which the lake stands where the warehouse file would."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.ducklake.settings import LakeSettings, read_settings
from okr_reports.errors import EngineError

# As the file is called by those that attach it: stored views name their tables by it.
ALIAS = "warehouse"
# Two writers of different tables never conflict; of the catalogue's next number one tries again.
_RETRIES = 100


def connect() -> duckdb.DuckDBPyConnection:
    """A connection whose own database is the lake, which is made if it is not there. Raises EngineError."""
    connection = duckdb.connect()
    attach(connection)
    connection.execute(f"use {ALIAS}")
    return connection


def attach(connection: Any, *, read_only: bool = False) -> None:
    """Attach the lake as `warehouse`. Raises EngineError if the catalogue or the storage cannot be reached."""
    settings = read_settings()
    try:
        for statement in preparing(settings):
            connection.execute(statement)
        options = [f"data_path {quoted_text(settings.data)}", f"metadata_schema {quoted_text(settings.schema)}"]
        if read_only:
            options.append("read_only")
        connection.execute(f"attach 'ducklake:postgres:{settings.catalog}' as {ALIAS} ({', '.join(options)})")
    except duckdb.Error as error:
        what = " ".join(str(error).split())[:400]
        raise EngineError(
            f"the lake of {settings.catalog} cannot be attached ({what}); see [ducklake] in docs/ducklake.md"
        ) from None


def preparing(settings: LakeSettings) -> list[str]:
    """The statements that a new connection needs before it can attach the lake. Raises EngineError."""
    names = ["ducklake", "postgres_scanner", *(["httpfs", "aws"] if settings.is_on_s3 else [])]
    loaded = [f"load {quoted_text(str(_extension(name)))}" for name in names]
    if settings.is_on_s3:
        loaded.append(_s3_secret(settings))
    return [*loaded, f"set ducklake_max_retry_count = {_RETRIES}"]


def _extension(name: str) -> Path:
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (found.submodule_search_locations or []) if found else []:
        file = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if file.exists():
            return file
    raise EngineError(
        f"the engine ducklake needs DuckDB's extension {name} for version {duckdb.__version__}, which is not installed;"
        " `make ducklake` makes an environment that has it"
    )


def _s3_secret(settings: LakeSettings) -> str:
    """S3 by the credentials that Amazon's own programs find: the environment, a profile, an instance's role."""
    given = ["type s3", "provider credential_chain", f"scope {quoted_text(settings.data)}"]
    if region := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        given.append(f"region {quoted_text(region)}")
    if settings.s3_endpoint:
        parts = urlsplit(settings.s3_endpoint)
        given += [f"endpoint {quoted_text(parts.netloc)}", "url_style 'path'", f"use_ssl {parts.scheme == 'https'}"]
    return f"create or replace secret okr_lake ({', '.join(given)})"


def empty() -> None:
    """Drop all that the lake holds; its snapshots keep it until `tidy` drops them."""
    with connect() as connection:
        schemas = connection.execute(
            "select distinct schema_name from duckdb_tables() where database_name = $1"
            " union select distinct schema_name from duckdb_views() where database_name = $1 and not internal",
            [ALIAS],
        ).fetchall()
        connection.begin()
        for (schema,) in schemas:
            connection.execute(f"drop schema {quoted_name(schema)} cascade")
        connection.commit()


def tidy() -> None:
    """Drop snapshots that are older than the setting says, join small files, and delete those that nobody needs.

    A file goes a day after its last snapshot: who reads that one now may read on.
    """
    settings = read_settings()
    with connect() as connection:
        connection.execute(f"call {ALIAS}.set_option('expire_older_than', '{settings.keep_days} days')")
        connection.execute(f"call {ALIAS}.set_option('delete_older_than', '1 day')")
        connection.execute(f"checkpoint {ALIAS}")
