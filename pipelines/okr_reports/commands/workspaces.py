"""`okr workspaces`: the workspaces below a folder, one row each, with what each said last. An agency has one a client.

Everything is read from each analysts' copy: nothing is loaded, no lock is taken, and a workspace whose copy cannot be
read says so in its row and changes no other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from okr_reports.common.analysts_copy import open_copy, unreadable
from okr_reports.errors import OkrError
from okr_reports.settings import today
from okr_reports.words.statuses import STATUSES

_DEEPEST = 4


@dataclass(frozen=True)
class Row:
    """One workspace. `key_results` counts them by status, `sources` those that are counted; `age` is days since."""

    path: Path
    organisation: str | None = None
    refreshed_at: datetime | None = None
    age: int | None = None
    data_through: date | None = None
    key_results: dict[str, int] = field(default_factory=dict)
    sources: int = 0
    fresh: int = 0
    error: str | None = None


def workspaces(folder: Path) -> Iterator[Row]:
    """A row for each folder with `okr_definitions/` at most four below `folder`, or that folder itself, by path.

    Raises OkrError if `folder` is none, or has no workspace.
    """
    for path in places(folder):
        try:
            yield _row(path)
        except OkrError as error:
            yield Row(path, error=str(error))
        except duckdb.Error as error:
            yield Row(path, error=unreadable(path / ".okr" / "okr.duckdb", error))


def places(folder: Path) -> list[Path]:
    """The workspaces below `folder`, or that folder itself, by path. Raises OkrError if it is none, or has none."""
    if not folder.is_dir():
        raise OkrError(f"{folder} is no folder; name the one that your workspaces are in")
    found = sorted(_found(folder))
    if not found:
        raise OkrError(f"{folder} has no folder with okr_definitions/; okr init DIR makes a workspace")
    return found


def _found(folder: Path) -> Iterator[Path]:
    for root, names, _ in os.walk(folder):
        here = Path(root)
        if "okr_definitions" in names:
            yield here
        is_deepest = len(here.relative_to(folder).parts) >= _DEEPEST
        # A workspace holds no other one; what is hidden or of node is none.
        names[:] = [
            name
            for name in names
            if not is_deepest and "okr_definitions" not in names and not name.startswith((".", "node_modules"))
        ]


def _row(path: Path) -> Row:
    copy = path / ".okr" / "okr.duckdb"
    if not copy.exists():
        raise OkrError("never refreshed; run `okr refresh` in it")
    with open_copy(copy) as connection:
        context = connection.execute(
            "select organisation, refreshed_at, data_through, timezone from marts.report_context"
        ).fetchone()
        if context is None:
            raise OkrError(f"{copy} says nothing of itself; run `okr refresh` in it")
        counts = dict(connection.execute("select status, count(*) from marts.key_results group by status").fetchall())
        states = dict(connection.execute("select state, count(*) from marts.source_health group by state").fetchall())
    organisation, refreshed_at, data_through, timezone = context
    counted = sum(number for state, number in states.items() if state not in ("off", "ended"))
    refreshed_at = refreshed_at.astimezone(ZoneInfo(timezone))
    age = (today(timezone) - refreshed_at.date()).days
    ordered = {
        state: counts[state] for state in (*STATUSES, *sorted(counts.keys() - STATUSES.keys())) if state in counts
    }
    return Row(path, organisation, refreshed_at, age, data_through, ordered, counted, states.get("fresh", 0))


def write_page(rows: Sequence[Row], folder: Path, target: Path, locale: str) -> Path:
    """The portfolio: a page over the workspaces below `folder`, put into `target`. Raises OkrError."""
    from okr_reports.report_site.portfolio import Client, write_portfolio

    clients = [
        Client(
            name=_name(row, folder),
            site=current if (current := row.path / ".okr" / "site" / "current").is_dir() else None,
            organisation=row.organisation,
            refreshed_at=row.refreshed_at,
            data_through=row.data_through,
            key_results=row.key_results,
            sources=row.sources,
            fresh=row.fresh,
            error=row.error,
        )
        for row in rows
    ]
    try:
        return write_portfolio(clients, target, locale)
    except (OSError, ValueError) as error:
        raise OkrError(f"the page could not be written: {error}; name another folder with --site") from None


def _name(row: Row, folder: Path) -> str:
    return str(row.path.relative_to(folder)) if row.path != folder else str(row.path)


def line(row: Row, folder: Path) -> str:
    """The row in words."""
    name = _name(row, folder)
    if row.error:
        return f"{name}: {row.error}"
    verdicts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in row.key_results.items()) or "none"
    old = f", {row.age} days ago" if row.age is not None and row.age > 1 else ""
    return (
        f"{name} ({row.organisation}): refreshed {row.refreshed_at:%Y-%m-%d %H:%M}{old}, data through"
        f" {row.data_through}; key results: {verdicts}; sources: {row.fresh} of {row.sources} fresh"
    )
