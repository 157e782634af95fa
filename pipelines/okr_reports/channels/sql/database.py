"""Running one query in a database that must not be changed, with nothing secret in any message."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from okr_reports.channels.budget import Budget
from okr_reports.channels.redaction import redact
from okr_reports.channels.sql.settings import Query
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, CredentialsError, VendorError, quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TextClause

_READS = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with)\b", re.IGNORECASE | re.DOTALL)
_SHOWN = 300
# What to install for a driver's module that has another name than its package.
DRIVERS = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "mssql_python": "mssql-python",
}
# What to install for a dialect that SQLAlchemy does not bring, as its list of them says. What is not here is not
# guessed: anybody may have put up a package of that name.
DIALECTS = {
    "snowflake": "snowflake-sqlalchemy",
    "bigquery": "sqlalchemy-bigquery",
    "redshift": "sqlalchemy-redshift",
    "duckdb": "duckdb-engine",
    "databricks": "databricks-sqlalchemy",
    "clickhouse": "clickhouse-sqlalchemy",
    "awsathena": "PyAthena",
    "hana": "sqlalchemy-hana",
    "vertica": "sqlalchemy-vertica-python",
    "teradatasql": "teradatasqlalchemy",
    "cockroachdb": "sqlalchemy-cockroachdb",
    "exa": "sqlalchemy-exasol",
    "trino": "trino",
    "clickhousedb": "clickhouse-connect",
    "ibm_db_sa": "ibm-db-sa",
    "db2": "ibm-db-sa",
    "presto": "PyHive",
    "hive": "PyHive",
    "impala": "impyla",
    "druid": "pydruid",
    "crate": "sqlalchemy-cratedb",
    "firebird": "sqlalchemy-firebird",
    "monetdb": "sqlalchemy-monetdb",
    "databend": "databend-sqlalchemy",
    "spanner": "sqlalchemy-spanner",
    "starrocks": "starrocks",
    "netezza": "nzalchemy",
}
ROWS_AT_ONCE = 10_000


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
        dialect = url.get_dialect()
        if dialect.is_async:
            raise ChannelError(
                "sql",
                f"{url.drivername} does not wait for its answers, as a load must",
                f"name another driver of {url.get_backend_name()}, as in postgresql+psycopg:// or mysql+pymysql://",
                name,
            )
        dialect.import_dbapi()
    except NoSuchModuleError:
        todo = _to_install(DIALECTS.get(url.get_backend_name()))
        raise ChannelError("sql", f"there is no driver for {url.drivername}", todo, name) from None
    except ImportError as missing:
        module = (missing.name or "").partition(".")[0]
        is_sqlalchemys = dialect.__module__.startswith("sqlalchemy.")
        todo = _to_install(DRIVERS.get(module) or (module if is_sqlalchemys else DIALECTS.get(url.get_backend_name())))
        raise ChannelError("sql", f"there is no driver for {url.drivername}", todo, name) from None
    except ArgumentError:
        raise CredentialsError("sql", "the url is not a SQLAlchemy URL", todo, name) from None
    if not _READS.match(query.query):
        raise ChannelError("sql", "the query does not begin with SELECT or WITH", "queries may only read", name)


def _to_install(package: str | None) -> str:
    if package:
        return f"install it beside this package: pip install '{package}'"
    return (
        "no package is known for it here (postgres:// is written postgresql://): take the one that"
        " https://docs.sqlalchemy.org/dialects names for this database"
    )


def run_query(
    name: str, query: Query, window: Window | None, budget: Budget
) -> tuple[list[str], Sequence[Sequence[Any]]]:
    """Names of the columns, and the rows. Without a window the query has no `:from` and `:to`.

    Raises VendorError with the database's own words, secrets taken out, and BudgetError where it takes too long or
    gives too much.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    url = str(query.credentials.url)
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=_read_only_file(url))
        with engine.connect() as connection:
            _allow_reading_only(connection)
            with _ended_after(budget.left(), connection):
                result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(_statement(query.query, window))
                columns, rows = list(result.keys()), list[tuple[Any, ...]]()
                for part in result.partitions():
                    rows += [tuple(row) for row in part]
                    budget.hold_values(len(columns) * len(part))
                # nothing to keep, whatever the query did
                connection.rollback()
        budget.left()  # a query that was ended may answer all the same
    except SQLAlchemyError as error:
        budget.left()  # what was ended says so itself
        words = str(getattr(error, "orig", None) or error).strip().splitlines()
        said = redact(words[0] if words else type(error).__name__, _secrets(url))[:_SHOWN]
        raise VendorError(
            "sql",
            f"the database answers: {quoted(said)}",
            f"correct the query or the url of [sources.sql.{name}], and try it with the same user by hand",
            name,
        ) from None
    return columns, rows


@contextmanager
def _ended_after(seconds: float, connection: Connection) -> Iterator[None]:
    """Break the query off after so many seconds: in the way its driver has, else in the way its server has."""
    raw = connection.connection.dbapi_connection
    end = next((getattr(raw, name) for name in ("cancel", "interrupt") if hasattr(raw, name)), connection.invalidate)
    if connection.dialect.name in ("mysql", "mariadb"):
        # closing the connection leaves the query where it is, on both sides
        number = int(connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one())
        end = partial(_kill_query, connection.engine, number)
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill_query(engine: Engine, number: int) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(f"KILL QUERY {number}")


def _statement(query: str, window: Window | None) -> TextClause:
    from sqlalchemy import Date, bindparam, text

    statement = text(query)
    days = {"from": window.start, "to": window.end} if window else {}
    bound = [bindparam(name, day, Date) for name, day in days.items() if re.search(rf"(?<![:\w\\]):{name}\b", query)]
    return statement.bindparams(*bound)


def _read_only_file(url: str) -> dict[str, Any]:
    """A file of DuckDB is opened for reading; what is in memory or at MotherDuck cannot be."""
    from sqlalchemy import make_url

    place = make_url(url)
    is_file = place.get_backend_name() == "duckdb" and not str(place.database or ":").startswith((":", "md:"))
    return {"read_only": True} if is_file else {}


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
