"""Brings a store that is not atomic to the state of a site: new files first, pages after, the front page last.

What this wrote is listed in a manifest there, and only that is ever replaced or deleted: a file of somebody else stays,
and one in the way stops the copy. The manifest is written before the first change and after the last, so that a copy
cut short is mended by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Protocol

from okr_reports.deliveries.site_files import NO_CACHE, SiteFile
from okr_reports.errors import DeliveryError

MANIFEST = ".okr-published.json"
# A store answers a request in 20-100 ms whatever its size: 200 files one after the other would take up to 20 s.
WRITERS = 8


class Store(Protocol):
    """A place for files, by name. Implementations may raise anything; the caller says where it happened."""

    def sizes(self) -> Mapping[str, int]:
        """Every file there and its bytes."""

    def read(self, name: str) -> bytes:
        """The content of a file that is there."""

    def write(self, name: str, content: bytes, content_type: str, cache_control: str) -> None:
        """Create or replace one file in one step."""

    def delete(self, names: Sequence[str]) -> None:
        """Remove files that are there."""


@dataclass(frozen=True)
class Synced:
    """How many files were written, deleted, and left as they were."""

    written: int
    deleted: int
    unchanged: int

    def __str__(self) -> str:
        return f"{self.written} files written, {self.deleted} deleted, {self.unchanged} unchanged"


def sync(store: Store, files: Sequence[SiteFile]) -> Synced:
    """Make the store hold these files beside those of others. Raises DeliveryError if others are in the way."""
    there = store.sizes()
    ours = _read_manifest(store) if MANIFEST in there else {}
    wanted = {one.name: one for one in files}
    in_the_way = sorted(name for name in wanted if name in there and name not in ours)
    if in_the_way:
        raise DeliveryError(
            f"it holds {in_the_way[0]}{f' and {len(in_the_way) - 1} more files' if in_the_way[1:] else ''} that this "
            "did not publish; name an empty place, or remove them"
        )
    stale = sorted(name for name in ours if name not in wanted and name in there)
    changed = [one for one in files if ours.get(one.name) != one.digest or there.get(one.name) != one.size]
    if changed or stale or set(ours) - set(wanted):
        kept = {one.name: one.digest for one in files if one not in changed}
        _write_manifest(store, {**dict.fromkeys([*ours, *wanted]), **kept})
        for _, stage in groupby(changed, key=lambda one: one.stage):
            _write_all(store, stage)
        if stale:
            store.delete(stale)
        _write_manifest(store, {one.name: one.digest for one in files})
    return Synced(len(changed), len(stale), len(files) - len(changed))


def _write_all(store: Store, files: Iterable[SiteFile]) -> None:
    def write(one: SiteFile) -> None:
        store.write(one.name, one.path.read_bytes(), one.content_type, one.cache_control)

    with ThreadPoolExecutor(WRITERS) as pool:
        for _ in pool.map(write, files):
            pass


def _write_manifest(store: Store, files: Mapping[str, str | None]) -> None:
    content = json.dumps({"files": files}, indent=1, sort_keys=True).encode()
    store.write(MANIFEST, content, "application/json", NO_CACHE)


def _read_manifest(store: Store) -> dict[str, str | None]:
    """Names are checked: they are deleted by, and whoever may write there must not choose what else is deleted."""
    try:
        files = json.loads(store.read(MANIFEST))["files"]
        named = {str(name): digest for name, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DeliveryError(f"{MANIFEST} there cannot be read; remove it and the files of the last copy") from None
    for name in named:
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts or "\\" in name or name == MANIFEST:
            raise DeliveryError(f"{MANIFEST} there names {name!r}, which no site has; remove the manifest")
    return named
