"""A key result in words: its value, its target, and the one sentence its chart is headed with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okr_reports.report_site.charts.pace_rule import KEPT, SHARES
from okr_reports.report_site.database import Row
from okr_reports.report_site.formats import NO_VALUE, Formatter
from okr_reports.report_site.languages import Language
from okr_reports.sentences import rewritten


def value(formatter: Formatter, language: Language, row: Row) -> str:
    """The value with its unit; steps as a share, yes-or-no as a word that needs no target beside it."""
    if row["value"] is None:
        return NO_VALUE
    if row["type"] == "binary":
        return language.text("done") if row["value"] else language.text("pending")
    if row["type"] in SHARES:
        return formatter.format(row["progress"], "pct0")
    return formatter.unit(row["value"], row["unit"])


def target(formatter: Formatter, language: Language, row: Row | Mapping[str, Any]) -> str:
    """What the value is measured against; empty for yes-or-no."""
    kind = row["type"]
    if row["low"] is not None and row["high"] is not None:
        low, high = formatter.unit(row["low"], row["unit"]), formatter.unit(row["high"], row["unit"])
        return language.text("between %(low)s and %(high)s", low=low, high=high)
    if kind == "binary":
        return ""
    if kind in SHARES:
        return language.text("of %(target)s", target=formatter.format(1, "pct0"))
    goal = formatter.unit(row["target"], row["unit"])
    if kind == "at_most":
        return language.text("at most %(value)s", value=goal)
    if kind == "at_least":
        return language.text("at least %(value)s", value=goal)
    # a part "of" a whole is read only where the value is a count that grows towards its target
    counted = kind == "increase" and row["unit"] in ("count", "currency")
    return language.text("of %(target)s" if counted else "target %(value)s", target=goal, value=goal)


def sentence(formatter: Formatter, language: Language, text: str | None) -> str:
    """A sentence of the marts with its numbers and days as this site writes them."""
    codes = {"number": "num", "percent": "pct", "currency": "cur"}
    return rewritten(
        text or "",
        language=language.code,
        currency=formatter.currency,
        number=lambda value, kind, decimals: formatter.format(value, f"{codes[kind]}{decimals}"),
        day=formatter.format,
    )


def message(formatter: Formatter, language: Language, row: Row) -> str:
    """What the chart says: the value, the day, and how far it is from the expected pace."""
    if row["value"] is None or row["progress"] is None:
        return language.text("No data yet")
    head = language.text(
        "%(value)s by %(day)s",
        value=value(formatter, language, row),
        day=formatter.format(row["date"], "day"),
    )
    if row["type"] == "binary":
        return head[0].upper() + head[1:]
    if row["type"] in KEPT:
        kept = language.text("within the limit %(share)s of the time", share=formatter.format(row["progress"], "pct0"))
        return f"{head}, {kept}" if row["progress"] < 1 else f"{head}, {language.text('within the limit so far')}"
    pace = _pace(formatter, language, row["progress"], row["expected"])
    return f"{head}, {pace}" if pace else head


def chance(formatter: Formatter, probability: float | None) -> str:
    """A probability as whole per cents; near 0 and 1 as less or more, since a forecast is never certain."""
    if probability is None:
        return NO_VALUE
    if probability > 0.99:
        return "> " + formatter.format(0.99, "pct0")
    return "< " + formatter.format(0.01, "pct0") if probability < 0.01 else formatter.format(probability, "pct0")


def score_message(formatter: Formatter, language: Language, score: float | None, expected: float | None) -> str:
    """What a chart of scores says: the score now, and how far it is from the expected pace."""
    if score is None:
        return language.text("No score yet")
    head = language.text("Score %(score)s", score=formatter.format(score, "pct0"))
    pace = _pace(formatter, language, score, expected)
    return f"{head}, {pace}" if pace else head


def _pace(formatter: Formatter, language: Language, progress: float, expected: float | None) -> str:
    if not expected:
        return ""
    gap = progress / expected - 1
    share = formatter.format(abs(gap), "pct0")
    if abs(gap) < 0.005:
        return language.text("exactly on the expected pace")
    words = "%(share)s ahead of the expected pace" if gap > 0 else "%(share)s behind the expected pace"
    return language.text(words, share=share)
