"""What a connector says that it has (its catalogue), kept beside its environment: to ask is a start of its program.

Kept by the environment's lock and by the connector's settings without their days. Asked again where the stream or a
mapped column is not in it, after a run that failed, and after some days, since it may depend on the vendor's account.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from okr_reports.channels.runners.records import columns_of
from okr_reports.channels.runners.settings import ACCOUNT, Section, requested_config
from okr_reports.channels.windows import DAY, Window
from okr_reports.file_sources import FileSource

_SECONDS = 3 * 24 * 60 * 60
_NO_DAYS = Window(date.min + DAY, date.min + DAY)


@contextmanager
def kept_catalogue(
    source: FileSource,
    section: Section,
    environment: Path,
    ask: Callable[[], dict[str, Any]],
    schemas: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """The catalogue for the run that the block is; `schemas` are the JSON schemas of its streams by name."""
    settings = {**requested_config(source, section, _NO_DAYS), **section.values}
    text = json.dumps([settings, source.connector and source.connector.declared], sort_keys=True, default=str)
    folder = environment / ".catalogues"
    path = folder / f"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}.json"
    found = _read(path)
    if found is None or not _has(source, schemas(found)):
        found = ask()
        _write(path, found)
    try:
        yield found
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _has(source: FileSource, schemas: Mapping[str, Any]) -> bool:
    """Whether the stream is there, and each mapped column where its schema names any."""
    assert source.connector is not None
    wanted = source.connector.stream
    if wanted not in schemas and (wanted or len(schemas) != 1):
        return False
    schema = schemas[wanted] if wanted in schemas else next(iter(schemas.values()))
    known = (schema.get("properties") if isinstance(schema, Mapping) else None) or {}
    columns = [column for column in columns_of(source) if column != ACCOUNT]
    return not known or all(column in known or column.partition(".")[0] in known for column in columns)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if time.time() - path.stat().st_mtime < _SECONDS:
            found = json.loads(path.read_bytes())
            return found if isinstance(found, dict) else None
    except (OSError, ValueError):
        pass
    return None


def _write(path: Path, found: Mapping[str, Any]) -> None:
    """For this user alone, whole or not at all; those of settings that are no more go with their days."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    for other in path.parent.iterdir():
        with suppress(OSError):  # another account's load may be at it
            if time.time() - other.stat().st_mtime >= _SECONDS:
                other.unlink()
    number, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(found, file)
    Path(name).replace(path)
