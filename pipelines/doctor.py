"""`okr doctor`: what stands in the way of the next refresh, and what to do about it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pipelines.settings import Workspace

# A refresh writes the warehouse, its copy, a day's history and a release: five times the warehouse has been enough.
LEAST_FREE_BYTES = 1_000_000_000
SHOWN_VERSIONS = ("okr-reports", "dlt", "duckdb", "dbt-core", "dbt-duckdb", "dagster")


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at; `fault` means that a person must act before a refresh can be trusted."""

    subject: str
    text: str
    fault: bool = False


def examine(workspace: Workspace) -> Iterator[Diagnosis]:
    """Look at everything a refresh needs, cheapest first. Asks the vendors of the channels that are on."""
    versions = ", ".join(f"{name} {version(name)}" for name in SHOWN_VERSIONS)
    yield Diagnosis("versions", f"Python {platform.python_version()}, {versions}")
    yield from _configuration(workspace)
    yield from _channels()
    yield from _last_refresh(workspace)
    yield _disk(workspace.data_dir)


def _configuration(workspace: Workspace) -> Iterator[Diagnosis]:
    from pipelines import okrs
    from pipelines.channels.load import check_settings
    from pipelines.report_site.check import check_pages

    _, found = okrs.check(workspace.definitions_dir)
    snapshot = workspace.snapshot if workspace.snapshot.exists() else None
    errors = [
        finding
        for finding in (*found, *check_settings(), *check_pages(workspace.reports_dir, snapshot))
        if finding.severity == "error"
    ]
    if not errors:
        yield Diagnosis("configuration", "definitions, pages and settings have no errors")
    for finding in errors:
        yield Diagnosis("configuration", str(finding), fault=True)


def _channels() -> Iterator[Diagnosis]:
    from pipelines.channels.doctor import check_channel
    from pipelines.channels.load import enabled_channels

    names = enabled_channels()
    if not names:
        yield Diagnosis("channels", "none is on; a channel is on once it has settings in .dlt/ or the environment")
        return
    with ThreadPoolExecutor(len(names)) as pool:
        for name, findings in zip(names, pool.map(check_channel, names), strict=True):
            if not findings:
                yield Diagnosis(name, "reachable, every account can be read")
            for finding in findings:
                yield Diagnosis(name, str(finding), fault=finding.severity == "error")


def _last_refresh(workspace: Workspace) -> Iterator[Diagnosis]:
    import duckdb

    if not workspace.snapshot.exists():
        yield Diagnosis("last refresh", "none yet; run `okr refresh`")
        return
    with duckdb.connect(str(workspace.snapshot), read_only=True) as connection:
        row = connection.execute("select refreshed_at, data_through from marts.report_context").fetchone()
        late = connection.execute(
            "select channel, account_id, state, last_error from marts.source_health"
            " where state <> 'fresh' order by 1, 2"
        ).fetchall()
    if row:
        yield Diagnosis("last refresh", f"{row[0]:%Y-%m-%d %H:%M %Z}, data through {row[1]}")
    for channel, account, state, error in late:
        what = f"{channel} {account}".strip()
        yield Diagnosis("last refresh", f"{what} is {state}" + (f": {error}" if error else ""), fault=True)


def _disk(data_dir: Path) -> Diagnosis:
    place = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / 1e9:,.1f} GB free for {data_dir}"
    if free >= LEAST_FREE_BYTES:
        return Diagnosis("disk", text)
    return Diagnosis("disk", f"{text}; make room, or move the data with OKR_DATA_DIR", fault=True)
