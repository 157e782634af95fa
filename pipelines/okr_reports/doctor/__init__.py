"""`okr doctor`: what would stop the next refresh, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from okr_reports import settings
from okr_reports.deliveries.doctor import check_deliveries
from okr_reports.distributed import reachable
from okr_reports.doctor import dagster, storage
from okr_reports.doctor.diagnosis import Diagnosis
from okr_reports.doctor.unread import unread_settings
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace

SHOWN_VERSIONS = ("okr-reports", "dlt", "duckdb", "dbt-core", "dbt-duckdb", "dagster")


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
    yield from (Diagnosis("settings", fault, fault=True) for fault in unread_settings(settings.settings_folder()))
    yield from _channels()
    yield from _connectors(workspace)
    yield from _engine(workspace)
    yield from (Diagnosis(*said) for said in check_deliveries())
    yield from storage.warehouse(workspace)
    yield from storage.last_refresh(workspace)
    yield from storage.history(workspace, whole=history)
    yield _walls()
    yield storage.disk(workspace)
    yield from dagster.dagster_home(workspace.dagster_home)
    yield from dagster.dagster_ui(behind_proxy)


def _walls() -> Diagnosis:
    """What is around the process that renders pages; SECURITY.md says what each platform has."""
    from okr_reports.report_site.renderer.client import walls

    up, missing = walls()
    text = f"pages are rendered behind {', '.join(up) or 'no walls'}"
    return Diagnosis("walls", f"{text}; not here: {', '.join(missing)} (SECURITY.md)" if missing else text)


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


def _connectors(workspace: Workspace) -> Iterator[Diagnosis]:
    """Whether the channels that the definitions bring can be asked."""
    from okr_reports import okrs

    try:
        defined = okrs.read(workspace.definitions_dir)
    except OkrError:
        return  # said with the configuration
    sources = [source for source in defined.file_sources if source.connector is not None]
    if not sources:
        return
    from okr_reports.channels.files.by_account import by_account
    from okr_reports.channels.runners.bring import check_connector

    found = by_account(sources)
    for source, error in found.errors:
        yield Diagnosis(source.id, str(error), fault=True)
    wrong = {source.id for source, _ in found.errors}
    sources = [source for source in found.every if source.id not in wrong]

    day, home = settings.today(defined.settings.timezone), workspace.data_dir.absolute() / "connectors"
    with ThreadPoolExecutor(max(len(sources), 1)) as pool:
        for source, findings in zip(
            sources, pool.map(lambda checked: check_connector(checked, day, home), sources), strict=True
        ):
            if not any(finding.severity == "error" for finding in findings):
                yield Diagnosis(source.id, "reachable, or switched off")
            for finding in findings:
                yield Diagnosis(source.id, str(finding), fault=finding.severity == "error")


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
