"""What the refresh writes down about itself, schema `ops`: loads and publications.

`ops.source_loads`: one row a refresh, channel and account (`''`: the whole channel), append only; `source_health`
and `through` are computed from it. `ops.publications`: one row a site put in place; what was never published is never
called reported. `ops.gate_refusals`: one row a refresh and rule of the health gate that held it back.
`ops.restorations`: one row a refresh that brought something back from `history/`; `ops.history_losses`: one row a
refresh and thing that could not be brought back. `ops.model_failures`: one row a model of the workspace that the last
build could not make, or whose test failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from okr_reports.common import warehouse_file
from okr_reports.common.ledger_tables import FIRST_SEEN
from okr_reports.words.reasons import source_error

_TABLES = """
create schema if not exists ops;
create table if not exists ops.source_loads (
    refresh_id varchar not null,
    channel varchar not null,
    account_id varchar not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    state varchar not null,
    rows bigint not null,
    window_from date,
    window_to date,
    data_through date,
    error varchar,
    load_id varchar,
    note varchar,
    unknown_measures varchar
);
alter table ops.source_loads add column if not exists load_id varchar;
alter table ops.source_loads add column if not exists note varchar;
alter table ops.source_loads add column if not exists unknown_measures varchar;
create table if not exists ops.publications (
    refresh_id varchar not null,
    published_on date not null,
    published_at timestamptz not null,
    release_id varchar not null
);
create table if not exists ops.gate_refusals (
    refresh_id varchar not null,
    refused_at timestamptz not null,
    rule varchar not null,
    reason varchar not null
);
create table if not exists ops.restorations (
    refresh_id varchar not null,
    restored_at timestamptz not null,
    kept_day date,
    is_compared boolean not null
);
create table if not exists ops.history_losses (
    refresh_id varchar not null,
    what varchar not null
);
create table if not exists ops.model_failures (
    model varchar not null,
    error varchar not null
);
"""


class SourceLoad(Protocol):
    """How the load of one account of a channel went; `state` is loaded, partial or failed."""

    @property
    def channel(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def window_from(self) -> date | None: ...
    @property
    def window_to(self) -> date | None: ...
    @property
    def data_through(self) -> date | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def load_id(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def unknown_measures(self) -> tuple[str, ...]: ...


def ensure_tables(warehouse: Path) -> None:
    """Create schema `ops`; harmless when it is there."""
    with warehouse_file.connect(warehouse) as connection:
        connection.execute(_TABLES + FIRST_SEEN)


def record_loads(warehouse: Path, refresh_id: str, loads: Iterable[SourceLoad]) -> None:
    """Append the outcome of a refresh's loads in one transaction."""
    rows = [
        (
            refresh_id, load.channel, load.account_id, load.started_at, load.ended_at, load.state, load.rows,
            load.window_from, load.window_to, load.data_through, load.error, load.load_id,
            load.note, ",".join(load.unknown_measures) or None,
        )
        for load in loads
    ]  # fmt: skip
    if not rows:
        return
    with warehouse_file.connect(warehouse) as connection:
        connection.begin()
        connection.executemany("insert into ops.source_loads values (" + ", ".join("?" * 14) + ")", rows)
        connection.commit()


def last_loads(warehouse: Path) -> dict[str, datetime]:
    """By channel of which a load once gave rows, the moment of the last one."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        return dict(
            connection.execute(
                "select channel, max(ended_at) from ops.source_loads where state <> 'failed' group by 1 order by 1"
            ).fetchall()
        )


def record_publication(
    warehouse: Path, *, refresh_id: str, published_on: date, published_at: datetime, release_id: str
) -> None:
    """Append one publication."""
    with warehouse_file.connect(warehouse) as connection:
        connection.execute(
            "insert into ops.publications values (?, ?, ?, ?)", [refresh_id, published_on, published_at, release_id]
        )


def record_model_failures(warehouse: Path, faults: Mapping[str, str]) -> None:
    """What is wrong with models of the workspace now, model -> error, in place of what was."""
    with warehouse_file.connect(warehouse) as connection:
        connection.begin()
        connection.execute("delete from ops.model_failures")
        for model, error in faults.items():
            connection.execute("insert into ops.model_failures values (?, ?)", [model, error])
        connection.commit()


def model_failures(warehouse: Path) -> dict[str, str]:
    """Models of the workspace that are not as they are written, with what is wrong and where."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        return dict(connection.execute("select model, error from ops.model_failures order by 1").fetchall())


def record_refusals(warehouse: Path, refresh_id: str, reasons: Mapping[str, str]) -> None:
    """Append why the health gate held a refresh back: rule -> reason."""
    now = datetime.now(UTC)
    with warehouse_file.connect(warehouse) as connection:
        connection.executemany(
            "insert into ops.gate_refusals values (?, ?, ?, ?)",
            [(refresh_id, now, rule, reason) for rule, reason in reasons.items()],
        )


def loaded_channels(warehouse: Path, refresh_id: str) -> set[str]:
    """The channels that a refresh asked, whatever came of it; none of a run that loads nothing."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        rows = connection.execute("select distinct channel from ops.source_loads where refresh_id = ?", [refresh_id])
        return {row[0] for row in rows.fetchall()}


def last_published(warehouse: Path) -> date | None:
    """The newest day of which a publication is recorded; None where there is none."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        row: tuple[date | None] | None = connection.execute("select max(published_on) from ops.publications").fetchone()
    return row[0] if row else None


def published_days(warehouse: Path) -> list[date]:
    """Every day of which a publication is recorded; none where there is no warehouse."""
    if not warehouse_file.is_made(warehouse):
        return []
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        return [day for (day,) in connection.execute("select distinct published_on from ops.publications").fetchall()]


def record_restoration(warehouse: Path, refresh_id: str, kept_day: date | None) -> None:
    """Append that this refresh brought the past back, as it was kept on `kept_day`."""
    with warehouse_file.connect(warehouse) as connection:
        connection.execute(
            "insert into ops.restorations values (?, ?, ?, ?)",
            [refresh_id, datetime.now(UTC), kept_day, kept_day is None],
        )


def restoration_to_compare(warehouse: Path) -> date | None:
    """The kept day of a restoration after which nothing was compared with the sources yet."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        row: tuple[date | None] | None = connection.execute(
            "select max(kept_day) from ops.restorations where not is_compared"
        ).fetchone()
    return row[0] if row else None


def note_compared(warehouse: Path) -> None:
    """What the restorations could not bring back is recorded."""
    with warehouse_file.connect(warehouse) as connection:
        connection.execute("update ops.restorations set is_compared = true")


def record_losses(warehouse: Path, refresh_id: str, losses: Sequence[str]) -> None:
    """Append what of the past could not be brought back: the refresh then ends with exit 1."""
    if not losses:
        return
    with warehouse_file.connect(warehouse) as connection:
        connection.executemany("insert into ops.history_losses values (?, ?)", [(refresh_id, loss) for loss in losses])


def failures(warehouse: Path, refresh_id: str) -> Sequence[str]:
    """What went wrong with the sources of a refresh, one line each, in words a person can act on.

    What a load could not read, amounts that no exchange rate is known for, and what of the past is lost.
    """
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        loads = connection.execute(
            """
            select error from ops.source_loads where refresh_id = ? and state <> 'loaded' and error is not null
            union
            select what from ops.history_losses where refresh_id = ?
            """,
            [refresh_id, refresh_id],
        ).fetchall()
        rateless = connection.execute(
            "select channel, account_id, error_code, missing_currency, missing_date from marts.source_health"
            " where error_code is not null"
        )
        names = [column[0] for column in rateless.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in rateless.fetchall()]
    found = {f"{row['channel']} {row['account_id']}: {source_error(row)}" for row in rows}
    return sorted(found | {error for (error,) in loads})
