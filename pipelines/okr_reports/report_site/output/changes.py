"""Which statements may be answered otherwise than in the last build, by digests of the columns that they read.

A shared query is read like a mart: by digests of its rows. They are those of the last build, and it is not run for
them, where nothing has changed that it reads itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.reads import Read, columns_read

# Of a table: the digest of each column; under '' of the number of its rows.
Digests = Mapping[str, str]


class Changes:
    """What has changed of one copy since the build that left the digests `then`."""

    def __init__(self, reader: Reader, then: Mapping[str, Digests]) -> None:
        self._reader, self.then = reader, then
        self._now: dict[str, Digests] = {}
        self._reads: dict[str, Read] = {}
        self._differing: dict[str, bool] = {}

    def may_differ(self, sql: str) -> bool:
        """Whether what a statement reads has changed."""
        if sql not in self._differing:
            self._differing[sql] = self._has_changed(self._read(sql))
        return self._differing[sql]

    def read_by(self, statements: Iterable[str]) -> Mapping[str, Digests]:
        """The digests of all that these statements read."""
        for sql in statements:
            for table in self._read(sql):
                self._digests(table)
        return self._now

    def _has_changed(self, read: Read) -> bool:
        """Whether a column that is read has changed, or how many rows there are."""
        return any(
            (after := self._digests(table)) is None
            or table not in self.then
            or _part(self.then[table], columns) != _part(after, columns)
            for table, columns in read.items()
        )

    def _read(self, sql: str) -> Read:
        """What a statement reads; the shared queries that it chains to are tables like marts."""
        if sql not in self._reads:
            text, shared = self._reader.apart(sql)
            columns_of_shared = {name: [*filter(None, self._digests(name) or ())] for name in shared}
            self._reads[sql] = columns_read(text, {**self._reader.tables(), **columns_of_shared})
        return self._reads[sql]

    def _digests(self, table: str) -> Digests | None:
        """The digests of a mart or shared query; None of one that is not there."""
        if table not in self._now:
            if table in self._reader.tables():
                self._now[table] = self._reader.fingerprints(table)
            elif (sql := self._reader.shared_sql(table)) is not None:
                self._now[table] = self._digests_of_shared(table, self._read(sql))
            else:
                return None
        return self._now[table]

    def _digests_of_shared(self, name: str, read: Read) -> Digests:
        """Of one that cannot be a table: of all that it reads."""
        inputs = [(table, _part(self._digests(table) or {}, columns)) for table, columns in read.items()]
        if name in self.then and not self._has_changed(read):
            return self.then[name]
        if (shared := self._reader.shared_table(name)) is not None:
            return self._reader.fingerprints(name, shared)
        return {"": hashlib.sha256(json.dumps(inputs).encode()).hexdigest()}


def _part(digests: Digests, columns: Iterable[str] | None) -> Mapping[str, str | None]:
    """The digests of these columns (of all without), and of the number of rows."""
    return {name: digests.get(name) for name in (digests if columns is None else ("", *columns))}
