"""What a sandbox answered never leaves this machine: the one rule that copies, digests and alerts all ask.

Data are a sandbox's if this process runs inside `okr sandbox -- ...`, or if the last load of a channel was answered by
an address of this machine, whenever that was: `<data>/sandboxed.json` holds those channels. A gateway of one's own on
this machine is no sandbox if `[deliveries] loopback_sources` says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from okr_reports.common.loopback import is_loopback_name

# Set by `okr sandbox -- COMMAND` for the command, and among the lines that `okr sandbox` prints.
VARIABLE = "OKR_SANDBOX"
# Stores whose libraries ask at `endpoint_url` and nowhere else; others would pass it over.
_WITH_ENDPOINT = ("s3", "s3a", "gs", "gcs")
# Services of apprise that are a plain request to the host of their URL; of all others the host is a token or a name.
_PLAIN_SERVICES = ("json", "jsons", "xml", "xmls", "form", "forms")


def note_asked(data_dir: Path, base_urls: Mapping[str, str | None]) -> list[str]:
    """Write down the same of channels that are about to be asked, so that a load that is killed is known; those new."""
    here = {name: url for name, url in base_urls.items() if url and _is_here(url)}
    new = sorted(here.keys() - _known(data_dir).keys())
    _write(data_dir, _known(data_dir) | here)
    return new


def forget(data_dir: Path, channels: Collection[str]) -> None:
    """Take back what was noted of channels of which nothing landed."""
    _write(data_dir, {name: url for name, url in _known(data_dir).items() if name not in channels})


def note_loads(data_dir: Path, answered_by: Mapping[str, str | None]) -> None:
    """Write down which channels an address of this machine answered: channel -> its base URL, None for a vendor's."""
    now = _known(data_dir) | {name: url for name, url in answered_by.items() if url and _is_here(url)}
    now = {name: url for name, url in now.items() if name not in answered_by or _is_here(answered_by[name] or "")}
    _write(data_dir, now)


def why_it_stays_here(data_dir: Path, *, loopback_sources: bool = False) -> str | None:
    """Why nothing of this workspace may leave this machine, in words; None if it may."""
    if os.environ.get(VARIABLE):
        return f"this runs inside the sandbox ({VARIABLE} is set)"
    try:
        channels = sorted(_noted(data_dir))
    except ValueError as error:
        return f"{data_dir / 'sandboxed.json'} cannot be read ({error}); remove it if the data are your vendors'"
    if not channels or loopback_sources:
        return None
    return (
        f"the last loads of {', '.join(channels)} were answered by this machine, as a sandbox does; load them from the"
        " vendors, begin with an empty data folder, or set loopback_sources under [deliveries] if that is a gateway"
    )


def reaches_only_here(url: str, options: Mapping[str, object] | None = None) -> bool:
    """Whether a target's or a service's URL leads to an address of this machine. A folder does not: who reads it?"""
    scheme = urlsplit(url).scheme
    if scheme in ("git+https", "git+ssh", *_PLAIN_SERVICES):
        return _is_here(url)
    if scheme not in _WITH_ENDPOINT:
        return False
    nested = (options or {}).get("client_kwargs")
    endpoint = (options or {}).get("endpoint_url") or (nested.get("endpoint_url") if isinstance(nested, dict) else None)
    return isinstance(endpoint, str) and _is_here(endpoint)


def _known(data_dir: Path) -> dict[str, str]:
    try:
        return _noted(data_dir)
    except ValueError:
        return {}


def _write(data_dir: Path, now: Mapping[str, str | None]) -> None:
    if now != _known(data_dir):
        path = data_dir / "sandboxed.json"
        building = path.with_name(f".{path.name}.{os.getpid()}")
        building.write_text(json.dumps(now, indent=1, sort_keys=True), encoding="utf-8")
        building.replace(path)


def _noted(data_dir: Path) -> dict[str, str]:
    try:
        found = json.loads((data_dir / "sandboxed.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError("it is not a list of channels")
    return found


def _is_here(url: str) -> bool:
    try:
        return is_loopback_name(urlsplit(url).hostname or "")
    except ValueError:
        return False
