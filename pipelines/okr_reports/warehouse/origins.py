"""Who answered what the warehouse holds: vendors, or the sandbox with one seed. The two are never mixed.

`ops.origins`: one row a channel, written before its first rows land and taken out again if none did.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace

# Set by `okr sandbox` for the command it runs, and among the lines that it prints.
VARIABLE, SEED = "OKR_SANDBOX", "OKR_SANDBOX_SEED"
VENDORS = "vendors"
_CREATE = """
create schema if not exists ops;
create table if not exists ops.origins (channel varchar not null, origin varchar not null, since timestamptz not null);
"""
CLEAR = "`okr clear-demo` empties what the demo loaded and published (definitions stay)"


def current() -> str:
    """Who answers this process: `vendors`, or `sandbox` and its seed."""
    return f"sandbox {os.environ.get(SEED) or 0}" if os.environ.get(VARIABLE) else VENDORS


def origins(warehouse: Path) -> dict[str, str]:
    """By channel who answered the rows that the warehouse holds; nothing of one that versions before 0.2 loaded.

    The writer's or the reader's lock must be held.
    """
    if not warehouse_file.is_made(warehouse):
        return {}
    try:
        connection = warehouse_file.connect(warehouse, read_only=True)
    except duckdb.IOException as error:
        if "set lock" in str(error):
            return {}  # another program has it open to write; a refresh says so before it writes anything
        raise
    with connection:
        there = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'origins'"
        ).fetchall()
        return dict(
            connection.execute("select channel, origin from ops.origins order by 1").fetchall() if there else []
        )


def refuse_mixture(warehouse: Path) -> None:
    """Raise OkrError, before anything is written, if this process would mix a sandbox's rows with a vendor's."""
    now = current()
    others = {channel: origin for channel, origin in origins(warehouse).items() if origin != now}
    if not others:
        return
    channels, place = ", ".join(others), warehouse_file.place(warehouse)
    if now == VENDORS:
        raise OkrError(
            f"{place} holds rows that the sandbox answered ({channels}), which are never mixed with a vendor's own;"
            f" {CLEAR}, then refresh again"
        )
    if VENDORS in others.values():
        raise OkrError(
            f"{place} holds rows of your vendors ({channels}), which are never mixed with the sandbox's; run the"
            " demo in a workspace of its own (`okr init demo`), or set OKR_DATA_DIR to an empty folder"
        )
    seeds = ", ".join(sorted({origin.removeprefix("sandbox ") for origin in others.values()}))
    raise OkrError(
        f"{place} holds rows of the sandbox with seed {seeds} and this one has seed {now.removeprefix('sandbox ')};"
        f" run `okr sandbox --seed {seeds}`, or {CLEAR}"
    )


def mark(warehouse: Path, channels: Collection[str]) -> list[str]:
    """Mark the channels that are about to be loaded; those that had no mark yet."""
    with warehouse_file.connect(warehouse) as connection:
        connection.execute(_CREATE)
        known = {row[0] for row in connection.execute("select channel from ops.origins").fetchall()}
        new = sorted(set(channels) - known)
        for channel in new:
            connection.execute("insert into ops.origins values (?, ?, ?)", [channel, current(), datetime.now(UTC)])
        return new


def unmark(warehouse: Path, channels: Iterable[str]) -> None:
    """Take back the marks of channels of which nothing landed."""
    with warehouse_file.connect(warehouse) as connection:
        for channel in channels:
            connection.execute("delete from ops.origins where channel = ?", [channel])


def clear_demo(workspace: Workspace) -> list[str]:
    """Remove what a sandbox's refreshes loaded and published, and nothing else; the channels it was of.

    The writer's lock must be held. Raises OkrError where vendors answered a part, or the sandbox nothing.
    """
    found, place = origins(workspace.warehouse), warehouse_file.place(workspace.warehouse)
    if own := [channel for channel, origin in found.items() if origin == VENDORS]:
        raise OkrError(f"{place} holds rows of your vendors ({', '.join(own)}); nothing was emptied")
    if not found:
        raise OkrError(f"{place} holds nothing that the sandbox answered; nothing was emptied")
    made = [
        workspace.site_dir, workspace.history_dir, workspace.snapshot, workspace.data_dir / "sandboxed.json",
        workspace.dlt_dir,
    ]  # fmt: skip
    for path in made:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    # The last: as long as it is there, the command can be run again.
    warehouse_file.remove(workspace.warehouse)
    return sorted(found)
