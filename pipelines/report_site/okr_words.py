"""A key result in words: its value, its target, and the one sentence its chart is headed with."""

from __future__ import annotations

from pipelines.report_site.database import Row
from pipelines.report_site.formats import NO_VALUE, Formatter
from pipelines.report_site.languages import Language

SHARES = ("milestones", "qualitative")


def value(formatter: Formatter, language: Language, row: Row) -> str:
    """The value with its unit; steps as a share, yes-or-no as a word."""
    if row["value"] is None:
        return NO_VALUE
    if row["type"] == "binary":
        return language.text("done") if row["value"] else language.text("not yet")
    if row["type"] in SHARES:
        return formatter.format(row["progress"], "pct0")
    return formatter.unit(row["value"], row["unit"])


def target(formatter: Formatter, language: Language, row: Row) -> str:
    """What the value is measured against."""
    kind = row["type"]
    if row["low"] is not None and row["high"] is not None:
        low, high = formatter.unit(row["low"], row["unit"]), formatter.unit(row["high"], row["unit"])
        return language.text("between %(low)s and %(high)s", low=low, high=high)
    if kind == "binary":
        return language.text("of done")
    if kind in SHARES:
        return language.text("of %(target)s", target=formatter.format(1, "pct0"))
    goal = formatter.unit(row["target"], row["unit"])
    if kind == "at_most":
        return language.text("at most %(value)s", value=goal)
    if kind == "at_least":
        return language.text("at least %(value)s", value=goal)
    return language.text("of %(target)s", target=goal)


def message(formatter: Formatter, language: Language, row: Row) -> str:
    """What the chart says: the value, the day, and how far it is from the expected pace."""
    if row["value"] is None or row["progress"] is None:
        return language.text("No data yet")
    head = language.text(
        "%(value)s by %(day)s",
        value=value(formatter, language, row),
        day=formatter.format(row["date"], "day"),
    )
    if row["type"] in ("at_least", "at_most", "between"):
        kept = language.text("within the limit %(share)s of the time", share=formatter.format(row["progress"], "pct0"))
        return f"{head}, {kept}" if row["progress"] < 1 else f"{head}, {language.text('within the limit so far')}"
    if not row["expected"]:
        return head
    gap = row["progress"] / row["expected"] - 1
    share = formatter.format(abs(gap), "pct0")
    if abs(gap) < 0.005:
        return f"{head}, {language.text('exactly on the expected pace')}"
    words = "%(share)s ahead of the expected pace" if gap > 0 else "%(share)s behind the expected pace"
    return f"{head}, {language.text(words, share=share)}"
