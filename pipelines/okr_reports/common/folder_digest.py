"""What a folder holds: as one word by the content of its files, or each file's moment of change and size.

People and their editors write while a folder is read: what vanishes meanwhile is not there.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FileState = tuple[str, int, int]


def folder_digest(folder: Path, but: str = "") -> str:
    """A digest of every file's place and content; the same files give the same one. `but`: a folder in it left out."""
    digest = hashlib.sha256()
    for path in sorted(_paths_in(folder)):
        within = path.relative_to(folder).parts
        if "__pycache__" in within or within[0] == but:
            continue
        with suppress(FileNotFoundError):
            content = path.read_bytes() if path.is_file() else None
            if content is not None:
                digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
                digest.update(content)
    return digest.hexdigest()


def files_state(*places: Path, hidden: bool = True) -> frozenset[FileState]:
    """Every file of these folders (a file is itself one) with its moment of change and size.

    Without `hidden`, editors' and systems' own files do not count: those whose name, or a folder's on the way, begins
    with a dot or ends with `~`.
    """
    found = set()
    for place in places:
        for path in (place, *_paths_in(place, hidden=hidden)):
            with suppress(OSError):
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)


def _paths_in(folder: Path, *, hidden: bool = True) -> Iterator[Path]:
    # Path.rglob fails where a folder vanishes on the way
    for place, folders, names in os.walk(folder):
        if not hidden:
            folders[:] = [name for name in folders if not _is_hidden(name)]
        yield from (Path(place, name) for name in names if hidden or not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.endswith("~")
