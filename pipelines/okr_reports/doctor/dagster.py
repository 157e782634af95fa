"""Dagster's folder, and whether its UI is open to others."""

from __future__ import annotations

import glob
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from okr_reports.common.dagster_home import broken_databases, setting_faults
from okr_reports.common.loopback import is_loopback_name
from okr_reports.doctor.diagnosis import Diagnosis
from okr_reports.errors import OkrError

_PROGRAM = re.compile(r"(dagster|dagit)[\w-]*")
_LISTENS = "0A"  # in /proc/net/tcp


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
    """Dagster asks nobody who they are: who reaches its UI or its code server runs code here. Linux only, from /proc.

    A host may be set by a variable or a joined option too, so what a process listens on counts beside its command line.
    """
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if not any(_PROGRAM.fullmatch(Path(word).name) for word in words[:6]):
                continue
        except OSError:
            continue  # it has ended
        hosts = list(_hosts(words))
        with suppress(OSError):  # it belongs to somebody else
            hosts += _listening(place)
        host = next((host for host in hosts if not is_loopback_name(host)), None)
        if host and not behind_proxy:
            what = f"process {place.name} listens on {host} and asks nobody who they are"
            todo = "start it with -h 127.0.0.1, or put a proxy with a login before it and say --behind-proxy"
            yield Diagnosis("Dagster UI", f"{what}; {todo}", fault=True)


def _hosts(words: list[str]) -> Iterator[str]:
    """What follows `-h` or `--host` on a command line."""
    for number, word in enumerate(words):
        if word in ("-h", "--host") and number + 1 < len(words):
            yield words[number + 1]
        elif word.startswith("--host="):
            yield word.removeprefix("--host=")


def _listening(process: Path) -> Iterator[str]:
    """The addresses on which a process takes connections. Raises OSError where it may not be looked at."""
    held = {str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()}
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and f"socket:[{fields[9]}]" in held:
                words = bytes.fromhex(fields[1].partition(":")[0])
                count = len(words) // 4
                address = ip_address(struct.pack(f">{count}I", *struct.unpack(f"={count}I", words)))
                yield str(getattr(address, "ipv4_mapped", None) or address)
