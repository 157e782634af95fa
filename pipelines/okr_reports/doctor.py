"""`okr doctor`: what stands in the way of the next refresh, and what to do about it."""

from __future__ import annotations

import glob
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from okr_reports import settings
from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.loopback import is_loopback_name
from okr_reports.deliveries.doctor import check_deliveries
from okr_reports.distributed import reachable
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace
from okr_reports.warehouse.history import audit
from okr_reports.warehouse.lock import describe_holder, was_killed
from okr_reports.warehouse.recover import WHAT_NOW, is_database

# A refresh writes the warehouse, its copy, a day's history and a release: five times the warehouse has been enough.
LEAST_FREE_BYTES = 1_000_000_000
COPIES_OF_WAREHOUSE = 5
SHOWN_VERSIONS = ("okr-reports", "dlt", "duckdb", "dbt-core", "dbt-duckdb", "dagster")


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at; `fault` means that a person must act before a refresh can be trusted."""

    subject: str
    text: str
    fault: bool = False


def examine(workspace: Workspace, *, behind_proxy: bool = False, history: bool = False) -> Iterator[Diagnosis]:
    """Look at everything a refresh needs, cheapest first. Asks the channels' vendors and the places of deliveries.

    `behind_proxy`: Dagster's UI may listen on more than this machine, since something before it asks who is there.
    `history`: every kept day is read, not the newest one alone.
    """
    versions = ", ".join(f"{name} {version(name)}" for name in SHOWN_VERSIONS)
    yield Diagnosis("versions", f"Python {platform.python_version()}, {versions}")
    if day := os.environ.get("OKR_TODAY"):
        yield Diagnosis("today", f"{day}, as OKR_TODAY says; unset it for the clock's")
    yield from _secrets(settings.settings_folder() / "secrets.toml")
    yield from _configuration(workspace)
    yield from _channels()
    yield from _engine(workspace)
    yield from (Diagnosis(*said) for said in check_deliveries())
    yield from _running(workspace)
    yield from _last_refresh(workspace)
    yield from _history(workspace.history_dir, whole=history)
    yield _disk(workspace)
    yield from _dagster_home(workspace.dagster_home.absolute())
    yield from _dagster_ui(behind_proxy)


def _configuration(workspace: Workspace) -> Iterator[Diagnosis]:
    from okr_reports.findings import errors

    found = errors(workspace)
    if not found:
        yield Diagnosis("configuration", "definitions, pages and settings have no errors")
    for finding in found:
        yield Diagnosis("configuration", str(finding), fault=True)


def _channels() -> Iterator[Diagnosis]:
    from okr_reports.channels.doctor import check_channel
    from okr_reports.channels.load import enabled_channels

    try:
        names = enabled_channels()
    except OkrError:
        return  # said with the configuration
    if not names:
        yield Diagnosis("channels", "none is on; a channel is on once it has settings in .dlt/ or the environment")
        return
    with ThreadPoolExecutor(len(names)) as pool:
        for name, findings in zip(names, pool.map(check_channel, names), strict=True):
            if not findings:
                yield Diagnosis(name, "reachable, every account can be read")
            for finding in findings:
                yield Diagnosis(name, str(finding), fault=finding.severity == "error")


def _engine(workspace: Workspace) -> Iterator[Diagnosis]:
    """Whether a distributed engine answers, where one is chosen."""
    if (name := settings.engine()) == "duckdb":
        return
    try:
        reachable(workspace)
    except OkrError as error:
        yield Diagnosis("engine", str(error), fault=True)
    else:
        yield Diagnosis("engine", f"{name} answers")


def _last_refresh(workspace: Workspace) -> Iterator[Diagnosis]:
    if not workspace.snapshot.exists():
        yield Diagnosis("last refresh", "none yet; run `okr refresh`")
        return
    try:
        connection = open_copy(workspace.snapshot)
    except OkrError as unreadable:
        yield Diagnosis("last refresh", str(unreadable), fault=True)
        return
    with connection:
        row = connection.execute("select refreshed_at, data_through, timezone from marts.report_context").fetchone()
        late = connection.execute(
            "select channel, account_id, state, last_error from marts.source_health"
            " where state not in ('fresh', 'ended', 'off') order by 1, 2"
        ).fetchall()
    if row:
        days = (settings.today(row[2]) - row[0].astimezone(ZoneInfo(row[2])).date()).days
        age = f", {days} days ago" if days > 1 else ""
        yield Diagnosis("last refresh", f"{row[0]:%Y-%m-%d %H:%M %Z}{age}, data through {row[1]}")
    for channel, account, state, error in late:
        what = f"{channel} {account}".strip()
        yield Diagnosis("last refresh", f"{what} is {state}" + (f": {error}" if error else ""), fault=True)


def _history(history: Path, *, whole: bool) -> Iterator[Diagnosis]:
    yield Diagnosis("history", audit.summary(history))
    for fault in audit.faults(history, newest_only=not whole):
        yield Diagnosis("history", fault, fault=True)


def _disk(workspace: Workspace) -> Diagnosis:
    data_dir = workspace.data_dir
    place = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    if not place.is_dir():
        return Diagnosis(
            "disk", f"{place} is a file, and the data needs a folder; move it, or set OKR_DATA_DIR", fault=True
        )
    free = shutil.disk_usage(place).free
    size = workspace.warehouse.stat().st_size if workspace.warehouse.exists() else 0
    needed = max(LEAST_FREE_BYTES, COPIES_OF_WAREHOUSE * size)
    text = f"{free / 1e9:,.1f} GB free for {data_dir}, {needed / 1e9:,.1f} GB are enough"
    if free >= needed:
        return Diagnosis("disk", text)
    return Diagnosis("disk", f"{text}; make room, or move the data with OKR_DATA_DIR", fault=True)


def _secrets(path: Path) -> Iterator[Diagnosis]:
    """The file of secrets is for its owner alone, and never in git."""
    if not path.exists():
        return
    if path.stat().st_mode & 0o077:
        yield Diagnosis("secrets", f"{path} can be read by other users of this machine; chmod 600 {path}", fault=True)
    git = shutil.which("git")
    tracked = git and subprocess.run([git, "ls-files", "--error-unmatch", str(path)], capture_output=True)
    if tracked and tracked.returncode == 0:
        todo = f"git rm --cached {path}, and change every secret in it"
        yield Diagnosis("secrets", f"{path} is in git, where others read it; {todo}", fault=True)


def _running(workspace: Workspace) -> Iterator[Diagnosis]:
    if workspace.warehouse.exists() and not is_database(workspace.warehouse):
        yield Diagnosis("warehouse", f"{workspace.warehouse} is not a DuckDB file (any more); {WHAT_NOW}", fault=True)
    holder = workspace.data_dir / "warehouse.lock.json"
    if holder.exists():
        who = describe_holder(holder)
        killed = f"{who} was killed: run `okr refresh`, which puts in order what it left"
        yield Diagnosis("warehouse", killed if was_killed(holder) else f"being written by {who}")


def _dagster_home(home: Path) -> Iterator[Diagnosis]:
    """Dagster's own programs take the path of their settings for a pattern (`okr` hands them over itself)."""
    if glob.has_magic(str(home)):
        what = f"`dagster dev` finds no settings below {home} for the [, * or ? in its path, and its telemetry is on"
        yield Diagnosis("Dagster", f"{what}; point OKR_DATA_DIR at a folder without them", fault=True)


def _dagster_ui(behind_proxy: bool) -> Iterator[Diagnosis]:
    """Dagster asks nobody who they are: whoever reaches its UI runs code here. Linux only, from /proc."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended, or belongs to somebody else
        if not any("dagster" in Path(word).name for word in words[:3]):
            continue
        host = _host(words)
        if host and not is_loopback_name(host) and not behind_proxy:
            what = f"process {place.parent.name} listens on {host} and asks nobody who they are"
            todo = "start it with -h 127.0.0.1, or put a proxy with a login before it and say --behind-proxy"
            yield Diagnosis("Dagster UI", f"{what}; {todo}", fault=True)


def _host(words: list[str]) -> str | None:
    """What follows `-h` or `--host` on a command line."""
    for number, word in enumerate(words):
        if word in ("-h", "--host") and number + 1 < len(words):
            return words[number + 1]
        if word.startswith("--host="):
            return word.removeprefix("--host=")
    return None
