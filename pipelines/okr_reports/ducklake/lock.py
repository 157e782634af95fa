"""Who may write the lake: one machine builds and publishes, or several load, never both.

A lock in the catalogue's Postgres, held by a session: it ends with its process, however that ends. DuckLake refuses two
writers of one table by itself; this is for what lies between: models are built of what no load is changing, and the
copy is made of one build's marts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from okr_reports.ducklake.settings import read_settings
from okr_reports.errors import EngineError, LockedError


class _Session:
    """The session that holds the lock of this process."""

    def __init__(self, connection: Any, schema: str, wait_seconds: float, on_wait: Callable[[str], None]) -> None:
        self.connection, self.schema = connection, schema
        self.wait_seconds, self.on_wait = wait_seconds, on_wait

    def take(self, kind: str) -> None:
        import psycopg

        place = "hashtextextended(%s, 0)"
        ((is_taken,),) = self.connection.execute(f"select pg_try_advisory_lock{kind}({place})", [self.schema])
        if is_taken:
            return
        self.on_wait("waiting: the lake is being written by another machine or workspace")
        try:
            self.connection.execute(f"set lock_timeout = {max(int(self.wait_seconds * 1000), 1)}")
            self.connection.execute(f"select pg_advisory_lock{kind}({place})", [self.schema])
        except psycopg.errors.LockNotAvailable:
            raise LockedError(
                "the lake is being written by another machine or workspace; wait for it to end, or stop it there, and"
                " run again"
            ) from None

    def give(self, kind: str) -> None:
        self.connection.execute(f"select pg_advisory_unlock{kind}(hashtextextended(%s, 0))", [self.schema])


_HELD: list[_Session] = []


@contextmanager
def alone(wait_seconds: float, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lake's lock for this process alone. Raises LockedError after `wait_seconds`, and EngineError."""
    try:
        import psycopg
    except ImportError:
        raise EngineError("the engine ducklake needs psycopg, which is not installed; `make ducklake` does") from None
    settings = read_settings()
    try:
        connection = psycopg.connect(settings.catalog, autocommit=True)
    except psycopg.OperationalError as error:
        what = " ".join(str(error).split())
        raise EngineError(
            f"the lake's catalogue does not answer ({what}); start it, or correct catalog under [ducklake]"
        ) from None
    with connection:
        session = _Session(connection, settings.schema, wait_seconds, on_wait)
        session.take("")
        _HELD.append(session)
        try:
            yield
        finally:
            _HELD.remove(session)


@contextmanager
def together() -> Iterator[None]:
    """Inside `alone`: others may load beside this process, and nobody builds. Afterwards it is alone again."""
    session = _HELD[-1]
    session.give("")
    session.take("_shared")
    try:
        yield
    finally:
        session.give("_shared")
        session.take("")
