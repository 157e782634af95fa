"""Brings a store that is not atomic to the state of a site: new files first, pages after, the front page last.

What this wrote is listed in a manifest there, and only that is ever replaced or deleted: a file of somebody else stays,
and one in the way stops the copy. The manifest is written before the first change and after the last. What of a copy is
there already is also in a journal here, so that one cut short goes on where it stopped.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Protocol

from okr_reports.deliveries.answering import Answering
from okr_reports.deliveries.site_files import NO_CACHE, SiteFile, lock_of_site
from okr_reports.errors import DeliveryError, LockedPlaceError

MANIFEST = ".okr-published.json"


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

    def forget_versions(self, names: Sequence[str]) -> str:
        """Remove what the store keeps of these files beside what they are now; in words what was done, or ''."""


@dataclass(frozen=True)
class Synced:
    """How many files were written, deleted, and left as they were; `note` is what else there is to say."""

    written: int
    deleted: int
    unchanged: int
    note: str = ""

    def __str__(self) -> str:
        said = f"{self.written} files written, {self.deleted} deleted, {self.unchanged} unchanged"
        return f"{said}; {self.note}" if self.note else said


@dataclass
class _Manifest:
    """What was published there: digest by name (None: not certain), whether locked, and which copy wrote it.

    `lock` tells its key from others, '' where nothing is locked, or where a version before 0.2 wrote it.
    """

    files: dict[str, str | None] = field(default_factory=dict)
    locked: bool = False
    copy: str = ""
    lock: str = ""

    def as_bytes(self) -> bytes:
        content = {"files": self.files, "locked": self.locked, "copy": self.copy, "lock": self.lock}
        return json.dumps(content, indent=1, sort_keys=True).encode()


class _Journal:
    """The files of one copy that are there, noted as they come; it counts only for the manifest of that copy."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, copy: str) -> dict[str, str]:
        try:
            first, *lines = self.path.read_text(encoding="utf-8").splitlines()
            if not copy or json.loads(first) != copy:
                return {}
        except (OSError, ValueError):
            return {}
        written = {}
        for line in lines:
            try:
                name, digest = json.loads(line)
            except (ValueError, TypeError):
                break  # cut in the middle of a line
            written[name] = digest
        return written

    def begin(self, copy: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(copy) + "\n", encoding="utf-8")

    def note(self, done: SiteFile) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([done.name, done.digest]) + "\n")


def sync(
    store: Store,
    files: Sequence[SiteFile],
    journal: Path,
    answering: Answering,
    advance: Callable[[int, int], None] = lambda done, total: None,
    accept_readable: bool = False,
) -> Synced:
    """Make the store hold these files beside those of others; `advance` is called with what is there of what is to be.

    Raises DeliveryError if others are in the way, or the store does not answer: then the next call goes on. As
    LockedPlaceError if a readable site would replace a locked one and that is not accepted.
    """
    noted = _Journal(journal)
    there = answering.answer(store.sizes)
    before = _read_manifest(answering.answer(lambda: store.read(MANIFEST))) if MANIFEST in there else _Manifest()
    ours = before.files | noted.read(before.copy)
    wanted = {file.name: file for file in files}
    _refuse_others(sorted(name for name in wanted if name in there and name not in ours))
    stale = sorted(name for name in ours if name not in wanted and name in there)
    changed = [file for file in files if ours.get(file.name) != file.digest or there.get(file.name) != file.size]
    lock = lock_of_site(files)
    locked = bool(lock)
    if before.locked and not locked and not accept_readable:
        raise LockedPlaceError("this target")
    turned = locked and bool(before.files) and (not before.locked or before.lock not in ("", lock))
    if changed or stale or set(ours) - set(wanted) or (before.locked, before.lock) != (locked, lock):
        kept = {file.name: file.digest for file in files if file not in changed}
        # Readable until the last of it is gone, so that a copy cut short still cleans up.
        now = _Manifest(
            {**dict.fromkeys([*ours, *wanted]), **kept},
            before.locked if turned else locked,
            secrets.token_hex(8),
            before.lock if turned else lock,
        )
        noted.begin(now.copy)
        _write_manifest(store, now, answering)
        _write_all(store, changed, noted, answering, advance)
        if stale:
            answering.answer(lambda: store.delete(stale))
        note = answering.answer(lambda: store.forget_versions(sorted({*ours, *wanted}))) if turned else ""
        _write_manifest(store, _Manifest({file.name: file.digest for file in files}, locked, now.copy, lock), answering)
        return Synced(len(changed), len(stale), len(files) - len(changed), note)
    return Synced(0, 0, len(files))


def _refuse_others(in_the_way: Sequence[str]) -> None:
    if in_the_way:
        raise DeliveryError(
            f"it holds {in_the_way[0]}{f' and {len(in_the_way) - 1} more files' if in_the_way[1:] else ''} that this "
            "did not publish; name an empty place, or remove them"
        )


def _write_all(
    store: Store,
    changed: Sequence[SiteFile],
    noted: _Journal,
    answering: Answering,
    advance: Callable[[int, int], None],
) -> None:
    def write(file: SiteFile) -> SiteFile:
        store.write(file.name, file.path.read_bytes(), file.content_type, file.cache_control)
        return file

    done = 0
    for _, stage in groupby(changed, key=lambda file: file.stage):
        for file in answering.all(write, list(stage), already=done, total=len(changed)):
            noted.note(file)
            done += 1
            advance(done, len(changed))


def _write_manifest(store: Store, manifest: _Manifest, answering: Answering) -> None:
    answering.answer(lambda: store.write(MANIFEST, manifest.as_bytes(), "application/json", NO_CACHE))


def _read_manifest(content: bytes) -> _Manifest:
    """Names are checked: they are deleted by, and whoever may write there must not choose what else is deleted."""
    try:
        written = json.loads(content)
        named = {str(name): digest for name, digest in written["files"].items()}
        lock = str(written.get("lock", ""))
        manifest = _Manifest(named, written.get("locked") is True, str(written.get("copy", "")), lock)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DeliveryError(f"{MANIFEST} there cannot be read; remove it and the files of the last copy") from None
    for name in named:
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts or "\\" in name or name == MANIFEST:
            raise DeliveryError(f"{MANIFEST} there names {name!r}, which no site has; remove the manifest")
    return manifest
