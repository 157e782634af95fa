"""Objectives in docs/scoring.md once more, from the days of their key results (reference.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.dbt_project.reference import Settings, Standing, status, through
from tests.dbt_project.reference_days import DAY, KeyResult


@dataclass(frozen=True)
class ObjectiveStanding:
    day: date
    score: float | None
    expected: float | None
    coverage: float
    status: str
    weakest: str | None


def mean(pairs: Sequence[tuple[float, float]]) -> float | None:
    weight = sum(one for one, _ in pairs)
    return sum(one * number for one, number in pairs) / weight if weight else None


def objective_history(
    krs: Sequence[KeyResult], histories: Sequence[Sequence[Standing]], today: date, settings: Settings
) -> list[ObjectiveStanding]:
    """Every day of an objective; a key result whose sources end earlier stands as on its last day."""
    start, reaches = krs[0].start, [min(reach, kr.end) for kr in krs if (reach := through(kr, today)) is not None]
    days = [start + number * DAY for number in range((max(reaches) - start).days + 1)]
    return [
        _objective(krs, [[row for row in rows if row.day <= day] for rows in histories], day, today, settings)
        for day in days
    ]


def _objective(
    krs: Sequence[KeyResult], so_far: Sequence[Sequence[Standing]], day: date, today: date, settings: Settings
) -> ObjectiveStanding:
    known_now = [(kr, days[-1]) for kr, days in zip(krs, so_far, strict=True) if days]
    now = [(kr, row) for kr, row in known_now if row.score is not None]
    paced = [(kr, row) for kr, row in now if row.expected is not None]
    score = mean([(kr.weight, row.score) for kr, row in now])
    share = mean([(kr.weight, row.expected) for kr, row in paced])
    closed = day == krs[0].end and today > krs[0].end and all(row.day == kr.end for kr, row in now)
    behind = sorted(
        (nearness_to_pace(row, settings), row.score or 0.0, place, kr.id, row.status)
        for place, (kr, row) in enumerate(known_now)
        if row.status != "no_data"
    )
    word = status(
        score=score, progress=mean([(kr.weight, row.score) for kr, row in paced]) if paced and not closed else score,
        expected=share, elapsed=((day - krs[0].start).days + 1) / ((krs[0].end - krs[0].start).days + 1),
        closed=closed, ambition=krs[0].ambition, settings=settings,
    )  # fmt: skip
    if share is None and (score is None or not closed):
        # Nothing to compare with: as the weakest of them stands.
        word = behind[0][4] if behind else "no_data"
    coverage = sum(kr.weight for kr, _ in now) / sum(kr.weight for kr in krs)
    return ObjectiveStanding(day, score, share, coverage, word, behind[0][3] if behind else None)


def nearness_to_pace(row: Standing, settings: Settings) -> float:
    """How near to what is expected; where nothing is, as its status says."""
    if row.expected is not None:
        return row.score / row.expected if row.expected else 1.0
    by_status = {"on_track": 1.0, "achieved": 1.0, "too_early": 1.0, "at_risk": settings.at_risk}
    return by_status.get(row.status, 0.0)
