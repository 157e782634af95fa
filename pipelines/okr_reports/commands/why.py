"""Who moved a key result's number: the drivers of the analysts' copy with the sentence they make."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError, did_you_mean
from okr_reports.words.moves import moved
from okr_reports.words.numbers import PlainNumbers


@dataclass(frozen=True)
class Why:
    """A move and its parts, in the key result's unit.

    `change` is `now` less `before` (for `pace`: less what the pace asks for); the contributions of each dimension add
    up to it. `warnings`: what of it may still change or is old.
    """

    key_result_id: str
    title: str
    unit: str
    against: str
    before: float
    now: float
    change: float
    sentence: str
    warnings: list[str]
    drivers: list[dict[str, Any]]


def why(snapshot: Path, key_result_id: str, against: str) -> Why:
    """The drivers of one comparison. Raises OkrError where the move cannot be split, and says why."""
    with open_copy(snapshot) as connection:
        result = connection.execute(
            "select k.*, c.currency from marts.key_results as k, marts.report_context as c where key_result_id = ?",
            [key_result_id],
        )
        names = [column[0] for column in result.description]
        found = result.fetchone()
        if found is None:
            known = [name for (name,) in connection.execute("select key_result_id from marts.key_results").fetchall()]
            some = f"use one of the {len(known)} there are, such as {min(known)}" if known else "none is defined yet"
            raise OkrError(f"there is no key result {key_result_id!r}; {did_you_mean(key_result_id, known, some)}")
        row = dict(zip(names, found, strict=True))
        result = connection.execute(
            "select * exclude (key_result_id) from marts.key_result_drivers"
            " where key_result_id = ? and comparison = ? order by dimension, position",
            [key_result_id, against],
        )
        names = [column[0] for column in result.description]
        drivers = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if not drivers:
        raise OkrError(f"{key_result_id} {_not_split(row, against)}")
    before, now = drivers[0]["value_before"], drivers[0]["value_after"]
    numbers = PlainNumbers("en", row["currency"])
    return Why(
        key_result_id, row["title"], row["unit"], against, before, now, now - before,
        moved(row["title"], row["unit"], drivers, gettext.NullTranslations().gettext, numbers), warnings(row), drivers,
    )  # fmt: skip


def warnings(row: dict[str, Any]) -> list[str]:
    """What of a key result's number may still change or is old."""
    said = []
    if row["provisional_from"] is not None:
        said.append(f"days from {row['provisional_from']} on may still change")
    if row["stale_since"] is not None:
        said.append(f"a source has said nothing since {row['stale_since']}")
    return said


def _not_split(row: dict[str, Any], against: str) -> str:
    """Why there are no drivers, and what to do instead."""
    if row["kpi_id"] is None:
        return "takes its value from check-ins: nothing can be split; read its check-ins"
    if row["kpi_kind"] == "distinct":
        return "counts people, who are in several campaigns at once: nothing can be split"
    if row["value"] is None:
        return f"has no number yet: {row['status_reason']}"
    if against == "pace":
        return "has no pace to be split (counts that rise have one); use --against previous"
    return "cannot be compared: its KPI was not known, or had no denominator, in the days before; try another --against"
