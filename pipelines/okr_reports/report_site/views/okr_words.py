"""A key result in words: its value, its target, and the one sentence its chart is headed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from okr_reports.key_result_types import find
from okr_reports.report_site.formats.formats import NO_VALUE, Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.queries.rows import Row, columns_of
from okr_reports.words import moves, reasons
from okr_reports.words.chances import chance_words
from okr_reports.words.numbers import Numbers
from okr_reports.words.reasons import is_compared_whole


def value(formatter: Formatter, language: Language, row: Row) -> str:
    """The value with its unit; steps as a share, yes-or-no as a word that needs no target beside it."""
    if row["value"] is None:
        return NO_VALUE
    type_ = find(row["type"])
    if type_.reads == "met":
        return language.text("done") if row["value"] else language.text("pending")
    if type_.is_share:
        return formatter.format(row["progress"], "pct0")
    return formatter.unit(row["value"], row["unit"])


def target(formatter: Formatter, language: Language, row: Row | Mapping[str, Any]) -> str:
    """What the value is measured against; empty for yes-or-no."""
    type_ = find(row["type"])
    # a part "of" a whole is read only where the value is a count that grows towards its target
    counted = bool(type_.goal_of_count) and row["unit"] in ("count", "currency")
    goal = type_.goal_of_count if counted else type_.goal
    if not goal:
        return ""
    aim = formatter.format(1, "pct0") if type_.is_share else formatter.unit(row["target"], row["unit"])
    low, high = (formatter.unit(row[name], row["unit"]) for name in ("low", "high"))
    return language.text(goal, target=aim, value=aim, low=low, high=high)


def evidence(formatter: Formatter, language: Language, row: Row) -> str:
    """On how many of the required cases it rests; empty where none are required."""
    said = columns_of(row)
    if not said.get("evidence_target"):
        return ""
    given, needed = (formatter.format(said[name] or 0, "num0") for name in ("evidence", "evidence_target"))
    if said["evidence_of"]:
        return language.text("%(given)s of %(needed)s %(cases)s", given=given, needed=needed, cases=said["evidence_of"])
    return language.text("%(given)s of %(needed)s pieces of evidence", given=given, needed=needed)


def sentence(formatter: Formatter, language: Language, row: Row | str | None, column: str) -> str:
    """What a row of the marts says in a column (`status_reason`, `baseline_note`, `disagreement`), in the site's forms.

    A text, which pages of older workspaces give, is shown as the copy has it.
    """
    if row is None or isinstance(row, str):
        return row or ""
    say = {
        "status_reason": reasons.status_reason, "baseline_note": reasons.baseline_note,
        "disagreement": reasons.disagreement,
    }  # fmt: skip
    return say[column](columns_of(row), language.text, _numbers(formatter)) or ""


def period_closing(formatter: Formatter, language: Language, row: Row) -> str:
    """How far a period is closed, of a row of `fct_period_closing`."""
    return reasons.period_closing(columns_of(row), language.text, _numbers(formatter))


def moved(
    formatter: Formatter, language: Language, row: Row, drivers: Sequence[Row], comparison: str | None = None
) -> str:
    """Who moved a key result's number, from its drivers of one comparison; empty where nothing can be split."""
    found = map(columns_of, drivers)
    rows = [driver for driver in found if comparison in (None, driver["comparison"])]
    return moves.moved(row["title"], row["unit"], rows, language.text, _numbers(formatter))


def _numbers(formatter: Formatter) -> Numbers:
    codes = {"number": "num", "percent": "pct", "currency": "cur"}
    return Numbers(lambda value, kind, decimals: formatter.format(value, f"{codes[kind]}{decimals}"), formatter.format)


def message(formatter: Formatter, language: Language, row: Row) -> str:
    """What the chart says: the value, the day, and how far it is from the expected pace."""
    if row["value"] is None or row["progress"] is None:
        return language.text("No data yet")
    head = language.text(
        "%(value)s by %(day)s",
        value=value(formatter, language, row),
        day=formatter.format(row["date"], "day"),
    )
    type_ = find(row["type"])
    if type_.reads == "met":
        return head[0].upper() + head[1:]
    if type_.is_held and columns_of(row).get("hold") in ("end", "average"):
        return head if row["progress"] < 1 else f"{head}, {language.text('within the limit so far')}"
    if type_.is_held:
        kept = language.text("within the limit %(share)s of the time", share=formatter.format(row["progress"], "pct0"))
        return f"{head}, {kept}" if row["progress"] < 1 else f"{head}, {language.text('within the limit so far')}"
    pace = _pace(formatter, language, row["progress"], row["expected"])
    return f"{head}, {pace}" if pace else head


def chance(formatter: Formatter, language: Language, probability: float | None) -> str:
    """A probability in words: 8 in 10."""
    if probability is None:
        return NO_VALUE
    return chance_words(language.text, lambda share: formatter.format(share, "pct0"), float(probability))


def compared_with(formatter: Formatter, language: Language, row: Row) -> tuple[float | None, str]:
    """What an objective's score is held against: the expected pace to draw beside it, and in words.

    None is drawn where some of its key results have no pace: the whole score is not what its status compares.
    """
    expected = row["expected"]
    if expected is None:
        return None, language.text("no expected pace")
    share = formatter.format(expected, "pct0")
    if is_compared_whole(row["score"], row["score_compared"]):
        return float(expected), language.text("%(expected)s expected", expected=share)
    compared = formatter.format(row["score_compared"], "pct0")
    return None, language.text(
        "%(compared)s of what has a pace, %(expected)s expected", compared=compared, expected=share
    )


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
