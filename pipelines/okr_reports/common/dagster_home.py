"""Dagster's folder, `DAGSTER_HOME` or `<data>/dagster`: its settings, its databases, and what is wrong with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from okr_reports.errors import OkrError

_ANEW = "move it away, and the next command writes the one that ships"


def read_settings(home: Path) -> dict[str, Any]:
    """`dagster.yaml` as it is written. Raises OkrError if it cannot be read or is no mapping."""
    import yaml

    path = home / "dagster.yaml"
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise OkrError(f"{where}: Dagster's settings are not YAML ({what}); correct that line, or {_ANEW}") from None
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise OkrError(f"{path}:1: Dagster's settings are a {type(written).__name__}, not a mapping; {_ANEW}")
    return written


def setting_faults(home: Path) -> Iterator[str]:
    """What `dagster.yaml` says, or no longer says, that lets runs harm each other or tells others of them."""
    path = home / "dagster.yaml"
    settings = read_settings(home)
    limit = _within(settings, "concurrency", "pools", "default_limit")
    if limit != 1:
        said = "is not set" if limit is None else f"is {limit}"
        todo = "set it to 1, as the file that ships does, or two runs may write the warehouse at once"
        yield f"{path}: concurrency.pools.default_limit {said}; {todo}"
    if _within(settings, "telemetry", "enabled") is not False:
        yield f"{path}: Dagster's telemetry is on; set telemetry: {{enabled: false}}"


def broken_databases(home: Path) -> Iterator[str]:
    """Databases of Dagster that SQLite cannot read, each with what to do."""
    for path in sorted(home.rglob("*.db")):
        try:
            with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5) as connection:
                (said,) = connection.execute("pragma quick_check(1)").fetchone() or ("ok",)
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                continue
            said = str(error)
        if said != "ok":
            yield (
                f"{path} is no whole SQLite database ({said}); move it away: Dagster makes it anew, and only the record"
                " of its runs is lost, nothing of the reports"
            )


def explained(home: Path, error: Exception) -> OkrError | None:
    """What to say of an error of Dagster's own that its folder is the cause of; None if it is not."""
    if broken := list(broken_databases(home)):
        return OkrError("\n".join(broken))
    if type(error).__module__.startswith("dagster") and "Config" in type(error).__name__:
        what = " ".join(line.strip() for line in str(error).splitlines()[:3])
        return OkrError(f"{home / 'dagster.yaml'} is not what Dagster takes ({what}); correct it, or {_ANEW}")
    return None


def _within(settings: dict[str, Any], *path: str) -> Any:
    found: Any = settings
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
