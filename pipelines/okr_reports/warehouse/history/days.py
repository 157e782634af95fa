"""The days of `history/`: one manifest each, chained, so that a day that was changed, taken out or put in is found.

`days/<day>.json` lists the parts of the last publication of that day, the digest of the manifest of the day before and
its own. What the tables and their columns are is in `tables/<SHA-256 of it>.json`, once for all days of which it is
true; manifests of format 2 say it themselves. Version 0.1.0 wrote a list of tables alone; the chain begins at the first
day after it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from okr_reports.errors import HistoryError, OkrError
from okr_reports.warehouse.history.parts import SHA_LENGTH, Table

FORMAT = 3
LISTS = ("tables", "ledgers")
DESCRIBED = ("comment", "columns")
FROM_BACKUP = "bring it back from a backup"


@dataclass(frozen=True)
class Day:
    """What was published on a day: its marts, the ledgers as they were then, and the day before with its digest.

    `previous` and `ledgers` are empty for a day that version 0.1.0 kept.
    """

    day: date
    digest: str
    tables: list[Table]
    ledgers: list[Table]
    previous: tuple[date, str] | None
    is_chained: bool


def days(history: Path) -> list[date]:
    """Every day that is kept, first to last."""
    return sorted(day for path in _manifests(history) if (day := _day_of(path)))


def read_day(history: Path, day: date) -> Day:
    """The manifest of a day. Raises HistoryError if it is gone or is not what its digest says."""
    path = _path(history, day)
    try:
        content = path.read_bytes()
        kept = json.loads(content)
        if isinstance(kept, list):
            if any(earlier < day and _begins_a_chain(_path(history, earlier)) for earlier in days(history)):
                raise ValueError("it is of no chain, though a day before it is")
            return Day(day, hashlib.sha256(content).hexdigest(), kept, [], None, is_chained=False)
        digest = kept.pop("digest")
        if digest != _digest(kept) or kept["day"] != day.isoformat():
            raise ValueError("it was changed after it was written")
        before = kept["previous"]
        previous = (date.fromisoformat(before["day"]), before["digest"]) if before else None
        known = _described(history, kept["described"]) if "described" in kept else {}
        tables, ledgers = (
            [{**known.get(name, {}).get(table["name"], {}), **table} for table in kept[name]] for name in LISTS
        )
        return Day(day, digest, tables, ledgers, previous, is_chained=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise HistoryError(f"{path} cannot be used ({error}); {FROM_BACKUP}") from None


def keep(history: Path, day: date, tables: list[Table], ledgers: list[Table]) -> None:
    """Write what was published on `day`, replacing an earlier publication of the same day, chained to the day before.

    A damaged day before it is no reason to keep nothing: its digest is then taken from its bytes.
    """
    before = [kept for kept in days(history) if kept < day]
    manifest = {
        "format": FORMAT,
        "day": day.isoformat(),
        "previous": {"day": before[-1].isoformat(), "digest": _digest_of(history, before[-1])} if before else None,
        "described": _describe(history, tables, ledgers),
        "tables": [_undescribed(table) for table in tables],
        "ledgers": [_undescribed(table) for table in ledgers],
    }
    manifest["digest"] = _digest(manifest)
    _write(_path(history, day), json.dumps(manifest, indent=1).encode())


def _describe(history: Path, tables: list[Table], ledgers: list[Table]) -> str:
    """Write what these tables and their columns are, unless it is there and whole; the name of the file."""
    known = {
        name: {table["name"]: {key: table[key] for key in DESCRIBED} for table in of_list}
        for name, of_list in zip(LISTS, (tables, ledgers), strict=True)
    }
    content = json.dumps(known, indent=1, sort_keys=True).encode()
    target = history / "tables" / f"{_sha(content)}.json"
    if not target.is_file() or target.read_bytes() != content:
        _write(target, content)
    return target.name


def _described(history: Path, name: str) -> dict[str, dict[str, Table]]:
    """What `_describe` wrote. Raises OSError, and ValueError if it is not what its name says."""
    path = history / "tables" / name
    content = path.read_bytes()
    if f"{_sha(content)}.json" != name:
        raise ValueError(f"{path} is not what its name says")
    known: dict[str, dict[str, Table]] = json.loads(content)
    return known


def _undescribed(table: Table) -> Table:
    return {key: value for key, value in table.items() if key not in DESCRIBED}


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_suffix(".building")
    with building.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    building.replace(target)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:SHA_LENGTH]


def known_on(history: Path, day: date) -> date:
    """The last day up to `day` on which something was published. Raises OkrError if there is none."""
    kept = days(history)
    until = [reported for reported in kept if reported <= day]
    if until:
        return until[-1]
    if not kept:
        raise OkrError(f"nothing was known on {day}: nothing has been published yet; run `okr refresh` first")
    raise OkrError(f"nothing was known on {day}: the first report was published on {kept[0]}; name a later day")


def withdraw(history: Path, after: date, moment: str) -> list[date]:
    """Set aside what was published on later days than `after`; those days. Nothing is deleted."""
    later = [reported for reported in days(history) if reported > after]
    aside = history / "withdrawn" / moment
    for reported in later:
        aside.mkdir(parents=True, exist_ok=True)
        _path(history, reported).replace(aside / f"{reported.isoformat()}.json")
    return later


def broken_links(history: Path) -> Iterator[str]:
    """What is wrong with the chain, day by day: a manifest that is damaged, a day that is gone or was changed."""
    for path in _manifests(history):
        if _day_of(path) is None:
            yield f"{path} is named after no day there is; move it away"
    for before, day in _with_the_one_before(days(history)):
        try:
            kept = read_day(history, day)
        except HistoryError as error:
            yield str(error)
            continue
        if not kept.is_chained or (kept.previous is None and before is None):
            continue
        if kept.previous is None or kept.previous[0] != before:
            was = kept.previous[0] if kept.previous else "nothing"
            yield f"the day before {day} was {was}, and is {before or 'nothing'} now; bring days/ back from a backup"
        elif kept.previous[1] != _digest_of(history, kept.previous[0]):
            path = _path(history, kept.previous[0])
            yield f"{path} was changed after {day} was published; {FROM_BACKUP}"


def _with_the_one_before(kept: list[date]) -> Iterator[tuple[date | None, date]]:
    yield from zip([None, *kept], kept, strict=False)


def _manifests(history: Path) -> list[Path]:
    return sorted((history / "days").glob("????-??-??.json"))


def _day_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None


def _begins_a_chain(path: Path) -> bool:
    """Whether a manifest is a dictionary, as all are but those of version 0.1.0; its first byte says it."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def _path(history: Path, day: date) -> Path:
    return history / "days" / f"{day.isoformat()}.json"


def _digest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _digest_of(history: Path, day: date) -> str:
    """The digest that a day says it has; of its bytes where it says none, of no bytes where it cannot be read."""
    try:
        content = _path(history, day).read_bytes()
    except OSError:
        content = b""
    try:
        kept = json.loads(content)
        return str(kept["digest"])
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(content).hexdigest()
