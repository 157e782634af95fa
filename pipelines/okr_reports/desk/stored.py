"""Where an entry lies in the files of definitions, and the text of a file with the entry changed."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from okr_reports.desk.schema_fields import LISTS
from okr_reports.errors import OkrError, shown_path
from okr_reports.okrs.reading import definition_files
from okr_reports.okrs.rewriting import block, rewritten
from okr_reports.okrs.yaml_reader import read_yaml

SCHEMA_LINE = "# yaml-language-server: $schema={up}okr.schema.json\n"


class ChangedMeanwhile(Exception):
    """Somebody else has written since the form was opened; nothing was written."""


@dataclass(frozen=True)
class Stored:
    """One entry of a file. `place` leads to it in the file's content; a new one has no `entry` and its list's place.

    `data` are the bytes of the file as read, None where there is no file yet.
    """

    path: Path
    data: bytes | None
    place: tuple[str | int, ...]
    entry: dict[str, Any] | None = None
    objective: dict[str, Any] | None = None

    @property
    def mark(self) -> str:
        """What the entry was when it was read; an objective without what has forms of its own."""
        if self.place[0] == "objectives" and len(self.place) == 2 and self.entry is not None:
            return mark_of({key: value for key, value in self.entry.items() if key not in ("key_results", "measure")})
        return mark_of(self.entry)

    def with_entry(self, new: dict[str, Any] | None) -> bytes:
        """The file with the entry changed, added, or, for None, taken away. Raises OkrError."""
        if self.data is None:
            assert new is not None
            up = "../" * (len(self.path.relative_to(_root(self.path)).parts) - 1)
            return f"{SCHEMA_LINE.format(up=up)}{self.place[0]}:\n{block([new], 2)}\n".encode()
        text = self.data.decode("utf-8")
        content = _content(self.data, self.path)
        whole = copy.deepcopy(content)
        if self.entry is None:
            _add(whole, self.place, new)
        else:
            _put(whole, self.place, new)
        return rewritten(text, whole, str(shown_path(self.path))).encode()

    def write(self, data: bytes) -> None:
        """Put the bytes in the file's place at once. Raises ChangedMeanwhile, and then nothing is written."""
        if (self.path.read_bytes() if self.path.exists() else None) != self.data:
            raise ChangedMeanwhile
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # a name that starts with a dot is no definition, whatever becomes of this process
        handle, name = tempfile.mkstemp(prefix=".desk-", dir=self.path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(self.path.stat().st_mode & 0o777 if self.data is not None else 0o644)
            Path(name).replace(self.path.resolve())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextmanager
def one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Hold the place of the only desk that writes, of all processes of this workspace."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(data_dir / "desk.lock", timeout=30):
        yield


def mark_of(entry: Any) -> str:
    return hashlib.sha256(json.dumps(entry, default=str).encode()).hexdigest()[:16]


def find(folder: Path, kind: str, identifier: str) -> Stored | None:
    """The entry as its file has it now; a measure is found by its objective's id, a note by its mark."""
    for stored in _entries(folder, "key_result" if kind == "key_result" else kind if kind in LISTS else "objective"):
        entry = stored.entry
        assert entry is not None
        if identifier == (stored.mark if kind == "note" else entry.get("id")):
            if kind != "measure":
                return stored
            return replace(stored, place=(*stored.place, "measure"), entry=entry.get("measure"), objective=entry)
    return None


def entries(folder: Path, kind: str) -> list[Stored]:
    """Every entry of a kind, in the order of the files."""
    return list(_entries(folder, kind))


def place_for(folder: Path, kind: str, new: dict[str, Any], objective: str | None = None) -> Stored | None:
    """Where a new entry goes: beside those that are most like it, else into a file of its own."""
    if kind == "key_result":
        parent = find(folder, "objective", objective or "")
        return parent and replace(parent, place=(*parent.place, "key_results"), entry=None, objective=parent.entry)
    beside = _entries(folder, kind)
    if kind == "objective":
        like = [other for other in beside if _of(other, "period", "team") == (new.get("period"), new.get("team"))]
        # what is typed becomes a name of a file before `okr check` has refused it
        period, team = (
            re.sub(r"[^a-z0-9_-]", "_", str(new.get(key) or "company").lower()) for key in ("period", "team")
        )
        name = f"objectives/{period}/{team}.yml"
    else:
        like = [
            other
            for other in beside
            if {*_of(other, "measure", "numerator")} & {new.get("measure"), new.get("numerator")} - {None}
        ]
        name = "kpis/desk.yml"
    if like:
        return replace(like[-1], place=like[-1].place[:1], entry=None)
    path = folder / name
    return Stored(path, path.read_bytes() if path.exists() else None, (LISTS[kind],))


def _of(stored: Stored, *keys: str) -> tuple[Any, ...]:
    return tuple((stored.entry or {}).get(key) for key in keys)


def _entries(folder: Path, kind: str) -> Iterator[Stored]:
    for path in definition_files(folder, []):
        data = path.read_bytes()
        name = LISTS.get(kind, "objectives")
        listed = _content(data, path).get(name) if f"{name}:".encode() in data else None
        for number, entry in enumerate(listed or []):
            if not isinstance(entry, dict):
                continue
            if kind != "key_result":
                yield Stored(path, data, (name, number), entry)
                continue
            for inner, result in enumerate(entry.get("key_results") or []):
                if isinstance(result, dict):
                    yield Stored(path, data, (name, number, "key_results", inner), result, entry)


def _content(data: bytes, path: Path) -> Any:
    content, findings = read_yaml(data, str(shown_path(path)))
    if findings:
        raise OkrError("\n".join(map(str, findings)))
    return _plain(content) or {}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _put(whole: Any, place: tuple[str | int, ...], new: Any) -> None:
    parent = whole
    for step in place[:-1]:
        parent = parent[step]
    if new is not None:
        parent[place[-1]] = new
        return
    del parent[place[-1]]
    if not parent and len(place) > 2 and isinstance(place[-2], str):  # a list that is empty says nothing
        _put(whole, place[:-1], None)


def _add(whole: Any, place: tuple[str | int, ...], new: Any) -> None:
    parent = whole
    for step in place[:-1]:
        parent = parent[step]
    if isinstance(place[-1], str) and place[-1] == "measure":
        parent["measure"] = new
    else:
        parent[place[-1]] = [*(parent.get(place[-1]) or []), new]


def _root(path: Path) -> Path:
    """The folder of definitions: the nearest one above that holds the published schema, else the file's own."""
    return next((parent for parent in path.parents if (parent / "okr.schema.json").exists()), path.parent)
