"""Where files that definitions name may lie: below `okr_definitions/`, or below a folder that the operator lists.

    # .dlt/config.toml, above the first [section]; relative paths start at the folder that holds .dlt/
    files_roots = ["/srv/marketing/exports"]

Who may merge a definition may not read the machine's files with it. Links count as where they lead to.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from okr_reports.errors import Finding
from okr_reports.settings import settings_folder

SETTING = "files_roots"


def places(definitions_dir: Path) -> tuple[Path, ...]:
    """The real folders below which files may be read: the definitions' own, then those of `files_roots`."""
    return tuple(map(_real, (definitions_dir, *_listed(_written().get(SETTING)))))


def lies_within(path: Path, roots: Sequence[Path]) -> bool:
    """Whether `path`, its links followed, is one of these real folders or below one; it need not exist."""
    real = _real(path)
    return any(real.is_relative_to(root) for root in roots)


def refusal(folder: Path) -> tuple[str, str]:
    """What is wrong with files of a folder that lies elsewhere, and what to do. Says nothing of what is there."""
    line = f'{SETTING} = ["{_real(folder)}"]'
    return (
        "lies outside okr_definitions/ and outside every folder of files_roots, so it is not read",
        f"move the files into okr_definitions/, or have the operator write {line} at the top of .dlt/config.toml",
    )


def setting_findings() -> Iterator[Finding]:
    """What is wrong with `files_roots` itself, for `okr check`."""
    path, written = str(settings_folder() / "config.toml"), _written()
    value = written.get(SETTING)
    if value is not None and (not isinstance(value, list) or len(_listed(value)) < len(value)):
        what, todo = f"{SETTING} is no list of folders", f'write {SETTING} = ["/srv/exports"]'
        yield Finding(path, 1, "error", what, todo)
    for folder in _listed(value):
        if not folder.is_dir():
            yield Finding(path, 1, "warning", f"{SETTING} names {folder}, which is no folder", "make it, or remove it")
    if section := next(_sections_with(written, ()), None):
        what = f"{SETTING} is in the section [{section}], where nothing reads it"
        yield Finding(path, 1, "warning", what, "move it above the first [section]")


def _written() -> dict[str, Any]:
    """`.dlt/config.toml`; empty where it is not there or broken, which `okr check` says by itself."""
    try:
        return tomllib.loads((settings_folder() / "config.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _listed(value: Any) -> list[Path]:
    texts = value if isinstance(value, list) else []
    return [settings_folder().parent / Path(text).expanduser() for text in texts if isinstance(text, str) and text]


def _sections_with(written: dict[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    for name, value in written.items():
        if name == SETTING and above:
            yield ".".join(above)
        if isinstance(value, dict):
            yield from _sections_with(value, (*above, name))


def _real(path: Path) -> Path:
    """As `Path.resolve`, which raises where a link leads back to itself or a name holds a NUL."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return Path(os.path.abspath(str(path).replace("\0", "")))  # noqa: PTH100
