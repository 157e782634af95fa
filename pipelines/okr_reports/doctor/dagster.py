"""Dagster's folder, and whether its UI is open to others."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path

from okr_reports.common.dagster_home import broken_databases, setting_faults
from okr_reports.common.loopback import is_loopback_name
from okr_reports.doctor.diagnosis import Diagnosis
from okr_reports.errors import OkrError


def dagster_home(home: Path) -> Iterator[Diagnosis]:
    """Whether Dagster reads its settings, what they allow, and whether its databases are whole."""
    if glob.has_magic(str(home)):
        # Its own programs take the path of their settings for a pattern; `okr` hands them over itself.
        what = f"`dagster dev` finds no settings below {home} for the [, * or ? in its path, and its telemetry is on"
        yield Diagnosis("Dagster", f"{what}; point OKR_DATA_DIR at a folder without them", fault=True)
    if (home / "dagster.yaml").exists():
        try:
            for fault in setting_faults(home):
                yield Diagnosis("Dagster", fault, fault=True)
        except OkrError as unreadable:
            yield Diagnosis("Dagster", str(unreadable), fault=True)
    for fault in broken_databases(home):
        yield Diagnosis("Dagster", fault, fault=True)


def dagster_ui(behind_proxy: bool) -> Iterator[Diagnosis]:
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
