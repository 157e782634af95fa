"""Spark's Thrift server, queried in plain SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from okr_reports.errors import EngineError
from okr_reports.spark.settings import SparkSettings


class Session:
    """One session of the server; statements run in its order."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises EngineError with Spark's own words."""
        with _in_sparks_words(query):
            self._cursor.execute(query)
            return list(self._cursor.fetchall())

    def run(self, statement: str) -> None:
        """A statement that gives no rows; Spark 3.5 promises some all the same. Raises EngineError as above."""
        with _in_sparks_words(statement):
            self._cursor.execute(statement)


@contextmanager
def _in_sparks_words(statement: str) -> Iterator[None]:
    from pyhive.exc import Error

    try:
        yield
    except Error as error:
        first_line = " ".join(statement.split())[:120]
        raise EngineError(f"Spark refused `{first_line}`: {words_of(error)}; see the Thrift server's log") from None


@contextmanager
def session(settings: SparkSettings) -> Iterator[Session]:
    """A session, closed at the end. Raises EngineError if nothing answers, or the extra is not installed."""
    try:
        from pyhive import hive
        from thrift.transport.TTransport import TTransportException
    except ImportError:
        raise EngineError(
            "the engine spark needs packages that are not installed; install okr-reports with its extra `spark`"
        ) from None
    try:
        connection = hive.connect(
            host=settings.host,
            port=settings.port,
            auth=settings.auth,
            username=settings.user,
            password=settings.password,
            configuration={
                "spark.sql.ansi.enabled": "true",
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
            },
        )
    except (OSError, TTransportException) as error:
        raise EngineError(
            f"no Spark Thrift server answers at {settings.address} ({words_of(error)}); start one (`make spark` on this"
            " machine), or correct host and port under [spark]"
        ) from None
    try:
        yield Session(connection.cursor())
    finally:
        connection.close()


def words_of(error: Exception) -> str:
    """What Spark says, without the Java around it."""
    status = getattr(error.args[0], "status", None) if error.args else None
    text = str(getattr(status, "errorMessage", None) or error)
    return " ".join(text.removeprefix("org.apache.hive.service.cli.HiveSQLException: ").split())[:600]
