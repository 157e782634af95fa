"""The chart of one key result with its sentence and its table, from the rows of the marts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from okr_reports.common.plain_values import shows
from okr_reports.key_result_types import COUNTED_KINDS, find
from okr_reports.report_site.charts.key_result import Before, Drawn, draw_key_result
from okr_reports.report_site.charts.scale import Scale
from okr_reports.report_site.formats.formats import UNIT_CODES, Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.formats.words import status_word
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import Rows
from okr_reports.report_site.views.okr_words import target


@dataclass(frozen=True)
class KeyResultChart:
    """`rows` is the data table: (x per mille, date, value, expected, status, provisional) for each day, newest last."""

    svg: Markup
    summary: str
    has_pace: bool
    has_notes: bool
    rows: list[tuple[str, str, str, str, str, bool]]


shows(KeyResultChart, "svg", "summary", "has_pace", "has_notes", "rows")


def key_result_chart(formatter: Formatter, language: Language, row: Row, parts: Mapping[str, Rows]) -> KeyResultChart:
    """`row` is the key result now; `parts` are rows by date: its `days`, its `pace`, `check_ins`, and its `versions`
    of targets, `notes` about it or what it rests on, and `events`."""
    days = parts["days"]
    type_ = find(row["type"])
    code = "pct0" if type_.is_share else UNIT_CODES.get(row["unit"] or "number", "num")
    path = [
        (point["date"], float(point["expected_value"]))
        for point in parts["pace"]
        if point["expected_value"] is not None
    ]
    column = "progress" if type_.reads == "done" else "value"
    values = [(day["date"], None if day[column] is None else float(day[column])) for day in days]
    aim = 1.0 if type_.is_share else row["target"]
    banded = row["low"] is not None and row["high"] is not None
    notes = [(note["date"], f"{formatter.format(note['date'])}\n{note['text']}") for note in parts["notes"]]
    notes = [note for note in notes if row["period_start"] <= note[0] <= row["period_end"]]
    fan = (row["forecast_low"], row["forecast"], row["forecast_high"])
    drawn = Drawn(
        start=row["period_start"],
        end=row["period_end"],
        days=values,
        pace=path,
        target=None if banded else aim,
        low=row["low"],
        high=row["high"],
        provisional_from=row["provisional_from"],
        forecast=None if None in fan else fan,
        check_ins=[(check_in["date"], _check_in(formatter, check_in)) for check_in in parts["check_ins"]],
        from_zero=type_.is_share or type_.shape == "range" or row["kpi_kind"] in COUNTED_KINDS,
        code=code,
        target_text=_target_text(formatter, language, row, aim, code),
        value_text=formatter.format(values[-1][1] if values else None, code),
        forecast_text=""
        if fan[1] is None
        else language.text("forecast %(value)s", value=formatter.format(fan[1], code)),
        stepped=row["kpi_id"] is None,
        before=() if type_.is_share else _before(formatter, language, row, parts["versions"]),
        notes=notes,
        events=[(event["start_date"], event["end_date"], str(event["title"])) for event in parts["events"]],
    )
    summary = _summary(formatter, language, row, drawn, code)
    svg = draw_key_result(drawn, summary, f"kr-{row['key_result_id']}", formatter)
    return KeyResultChart(svg, summary, bool(path), bool(notes), _table(formatter, language, days, drawn, code))


def target_change(formatter: Formatter, language: Language, old: Row, new: Row) -> str:
    """How a version of a target differs from the one before it: when, by whom, why; empty where no number does."""
    day = formatter.format(new["valid_from"])
    was, now = (target(formatter, language, version) for version in (old, new))
    words = "Since %(day)s: %(new)s; before: %(old)s."
    if was == now:
        was, now = (formatter.unit(version["baseline"], version["unit"]) for version in (old, new))
        words = "Since %(day)s from %(new)s; before from %(old)s."
    if was == now:
        return ""
    said = [language.text(words, day=day, new=now, old=was)]
    if new["changed_by"]:
        said.append(language.text("Changed by %(who)s.", who=new["changed_by"]))
    return " ".join([*said, *([new["reason"]] if new["reason"] else [])])


def _before(formatter: Formatter, language: Language, row: Row, versions: Rows) -> list[Before]:
    """The targets that counted on days of the period before the one that counts now."""
    found = []
    for old, new in pairwise(versions):
        if row["period_start"] < new["valid_from"] <= row["period_end"]:
            banded = old["low"] is not None and old["high"] is not None
            numbers = (None if banded else old["target"], old["low"], old["high"])
            last = new["valid_from"] - timedelta(days=1)
            words = target_change(formatter, language, old, new)
            found += [Before(old["valid_from"], last, *numbers, words)] if words else []
    return found


def _check_in(formatter: Formatter, check_in: Row) -> str:
    confidence = formatter.format(check_in["confidence"], "pct0")
    head = f"{formatter.format(check_in['date'])} · {check_in['author'] or ''} · {confidence}"
    return f"{head}\n{check_in['note'] or ''}".strip()


def _target_text(formatter: Formatter, language: Language, row: Row, target: Any, code: str) -> str:
    if row["low"] is not None and row["high"] is not None:
        low, high = formatter.format(row["low"], code), formatter.format(row["high"], code)
        return language.text("between %(low)s and %(high)s", low=low, high=high)
    type_ = find(row["type"])
    return language.text(type_.goal if type_.is_held else "target %(value)s", value=formatter.format(target, code))


def _summary(formatter: Formatter, language: Language, row: Row, drawn: Drawn, code: str) -> str:
    known = [(day, value) for day, value in drawn.days if value is not None]
    if not known:
        return language.text("%(title)s: no data yet.", title=row["title"])
    day, value = known[-1]
    expected = dict(drawn.pace).get(day)
    parts = [
        language.text(
            "%(title)s: %(value)s on %(day)s, %(target)s, %(status)s.",
            title=row["title"],
            value=formatter.format(value, code),
            day=formatter.format(day),
            target=drawn.target_text,
            status=status_word(language, row["status"]).lower(),
        )
    ]
    if expected is not None and not find(row["type"]).is_held:
        parts.append(language.text("Expected by then: %(value)s.", value=formatter.format(expected, code)))
    if drawn.forecast is not None:
        low, _, high = (formatter.format(end, code) for end in drawn.forecast)
        parts.append(language.text("Forecast for the end: %(low)s to %(high)s.", low=low, high=high))
    return " ".join(parts)


def _table(
    formatter: Formatter, language: Language, days: Rows, drawn: Drawn, code: str
) -> list[tuple[str, str, str, str, str, bool]]:
    x = Scale(drawn.start.toordinal(), drawn.end.toordinal(), 0.0, 1000.0)
    expected, values = dict(drawn.pace), dict(drawn.days)
    return [
        (
            f"{x(day['date'].toordinal()):.0f}",
            formatter.format(day["date"], "weekday"),
            formatter.format(values[day["date"]], code),
            formatter.format(expected.get(day["date"]), code),
            status_word(language, day["status"]),
            bool(day["is_provisional"]),
        )
        for day in days
    ]
