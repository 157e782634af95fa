"""Running one query in a database that must not be changed, with nothing secret in any message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from okr_reports.channels.redaction import redact
from okr_reports.channels.sql.settings import Query
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, CredentialsError, VendorError

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

_READS = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with)\b", re.IGNORECASE | re.DOTALL)
_SHOWN = 300


def check_url(name: str, query: Query) -> None:
    """Raises CredentialsError unless the URL can be read, ChannelError if its driver is missing or the query writes."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    todo = (
        f"set url under [sources.sql.credentials] or [sources.sql.{name}.credentials] in .dlt/secrets.toml, or "
        "SOURCES__SQL__CREDENTIALS__URL in the environment, as in postgresql+psycopg://user:password@host/database"
    )
    if not query.credentials.url:
        raise CredentialsError("sql", "has no url", todo, name)
    try:
        url = make_url(str(query.credentials.url))
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise ChannelError(
            "sql",
            f"there is no driver for {url.drivername}",
            "install it beside this package, as in pip install psycopg",
            name,
        ) from None
    except ArgumentError:
        raise CredentialsError("sql", "the url is not a SQLAlchemy URL", todo, name) from None
    if not _READS.match(query.query):
        raise ChannelError("sql", "the query does not begin with SELECT or WITH", "queries may only read", name)


def run_query(name: str, query: Query, window: Window) -> tuple[list[str], Sequence[Sequence[Any]]]:
    """Names of the columns, and the rows. Raises VendorError with the database's own words, secrets taken out."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    url = str(query.credentials.url)
    try:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            _allow_reading_only(connection)
            result = connection.execute(_statement(query.query, window))
            columns, rows = list(result.keys()), [tuple(row) for row in result]
            # nothing to keep, whatever the query did
            connection.rollback()
    except SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or error).strip().splitlines()
        said = redact(words[0] if words else type(error).__name__, _secrets(url))[:_SHOWN]
        raise VendorError(
            "sql",
            f"the database answers: {said}",
            f"correct the query or the url of [sources.sql.{name}], and try it with the same user by hand",
            name,
        ) from None
    return columns, rows


def _statement(query: str, window: Window) -> TextClause:
    from sqlalchemy import Date, bindparam, text

    statement = text(query)
    days = {"from": window.start, "to": window.end}
    bound = [bindparam(name, day, Date) for name, day in days.items() if re.search(rf"(?<![:\w\\]):{name}\b", query)]
    return statement.bindparams(*bound)


def _allow_reading_only(connection: Connection) -> None:
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execution_options(postgresql_readonly=True)
    elif dialect == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    elif dialect in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")


def _secrets(url: str) -> list[str]:
    from sqlalchemy import make_url

    password = make_url(url).password
    return [url, str(password)] if password else [url]
