"""The models' rows as questions, and the answers as rows again: what both engines hand over and get back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from okr_reports.forecasting.days import Calendar
from okr_reports.forecasting.flows import Series
from okr_reports.forecasting.mixture import Numbers
from okr_reports.forecasting.questions import EPOCH, Answer, Question, answers
from okr_reports.forecasting.watch import unexpected

# So many key results are solved together: enough to share the work, few enough for the processor's cache.
TOGETHER = 20
# Digits that stay: the last ones depend on the processor.
ENDS, CHANCES = 6, 6

ROW = pa.struct(
    [
        ("date", pa.date32()),
        ("forecast_low", pa.float64()),
        ("forecast", pa.float64()),
        ("forecast_high", pa.float64()),
        ("probability", pa.float64()),
    ]
)

NEWS = pa.struct(
    [
        ("date", pa.date32()),
        ("days", pa.int64()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)


def news_rows(kind: pa.Array, days: pa.Array) -> pa.Array:
    """For each KPI (flow, ratio, stock) the list of what came out of its range (NEWS), by its days without a gap."""
    lists, offsets, rows = _Lists(_flat(days)), [0], []
    for number, name in enumerate(_flat(kind).to_pylist()):
        of = lists.of(number)
        if len(of["date"]):
            first = EPOCH + timedelta(days=int(of["date"][0]))
            amounts, calendar = np.nan_to_num(of["amount"]), Calendar(first, len(of["date"]))
            series = Series(calendar, amounts, of["factor"], of["is_uncertain"])
            rows += [
                {
                    "date": first + timedelta(days=news.stop - 1), "days": news.days, "value": round(news.value, ENDS),
                    "low": round(news.low, ENDS), "high": round(news.high, ENDS),
                }
                for news in unexpected(name, series, np.nan_to_num(of["denominator"]))
            ]  # fmt: skip
        offsets.append(len(rows))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(rows, NEWS))


def forecast_rows(
    kind: pa.Array, start: pa.Array, end: pa.Array, hold: pa.Array, states: pa.Array, days: pa.Array
) -> pa.Array:
    """For each key result the list of its days' forecasts (ROW); days without a forecast are left out.

    `states` and `days` are lists of structs in any order (from_arrow_types.py); `days` without a gap to the
    period's end (amount null where it is not known yet), for check-ins one a report.
    """
    columns = [_flat(column) for column in (kind, start, end, hold, states, days)]
    offsets, rows = [0], [pa.array([], ROW)]
    pending: list[Question] = []
    plain = [column.to_pylist() for column in columns[:4]]
    lists = [_Lists(column) for column in columns[4:]]
    for number in range(len(columns[0])):
        pending.append(
            _question(*(column[number] for column in plain), states=lists[0].of(number), days=lists[1].of(number))
        )
        if len(pending) == TOGETHER or number == len(columns[0]) - 1:
            for question, answer in zip(pending, answers(pending), strict=True):
                rows.append(_rows(question, answer))
                offsets.append(offsets[-1] + len(rows[-1]))
            pending = []
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.concat_arrays(rows))


def _flat(array: Any) -> Any:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


class _Lists:
    """The columns of a list of structs, by row, as numbers."""

    def __init__(self, array: pa.Array) -> None:
        lengths = np.array(array.value_lengths().fill_null(0))
        self._stops = np.cumsum(lengths)
        self._starts = self._stops - lengths
        flat = array.flatten()
        self._columns = {
            field.name: _numbers(column) for field, column in zip(flat.type, flat.flatten(), strict=True)
        }  # fmt: skip

    def of(self, row: int) -> dict[str, Numbers]:
        part = slice(self._starts[row], self._stops[row])
        order = np.argsort(self._columns["date"][part], kind="stable")
        return {name: column[part][order] for name, column in self._columns.items()}


def _numbers(column: Any) -> Numbers:
    """A column as doubles, dates as days since 1970, null as NaN."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    return np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def _question(
    kind: str, start: Any, end: Any, hold: str | None, *, states: dict[str, Numbers], days: dict[str, Numbers]
) -> Question:
    day = states["date"]
    first, reported, amounts = start, np.zeros(0), days["amount"]
    if kind == "distinct":
        # What was so far on days of the period is all that is known of people: between two of them it rose evenly.
        before, known = (start - EPOCH).days - 1, np.maximum.accumulate(np.nan_to_num(states["value"]))
        last = int(day[-1]) if len(day) else before
        amounts = np.interp(np.arange(before + 1, last + 1), np.append(before, day), np.append(0.0, known))
    elif kind == "check_in":
        reported, amounts = _reports(days, states, (start - EPOCH).days)
    elif len(days["date"]):
        first = EPOCH + timedelta(days=int(days["date"][0]))
        last = int(day.max()) if len(day) else int(days["date"][0])
        amounts = np.nan_to_num(amounts[: last - int(days["date"][0]) + 1])
    length = (end - first).days + 1
    # A KPI's days reach the end of the last period that reads it.
    given = kind not in ("distinct", "check_in") and len(days["factor"]) >= length
    return Question(
        kind, first, start, end, hold, amounts, np.nan_to_num(days["denominator"][: len(amounts)]),
        reported, days["unit_start"][:length] if given else np.zeros(0),
        np.nan_to_num(days["factor"][:length], nan=1.0) if given else np.ones(length),
        np.nan_to_num(days["is_uncertain"][:length]) if given else np.zeros(length),
        (day - (first - EPOCH).days + 1).astype(np.int64), states["value"], states["aim_low"], states["aim_high"],
        states["weeks_kept"], states["weeks_observed"], states["weeks_left"], states["allowed_misses"],
        states["min_denominator"],
    )  # fmt: skip


def _reports(days: dict[str, Numbers], states: dict[str, Numbers], start: int) -> tuple[Numbers, Numbers]:
    """Days and values of the reports of a period, after what it starts from, where that is known."""
    at, values = days["date"] - start + 1, days["amount"]
    inside = at >= 1
    at, values = at[inside], values[inside]
    baseline = states["baseline"][-1] if len(states["baseline"]) else np.nan
    if len(at) and not np.isnan(baseline) and at[0] > 1:
        at, values = np.append(0.0, at), np.append(baseline, values)
    return at, values


def _rows(question: Question, answer: Answer) -> pa.Array:
    known = np.flatnonzero(~(np.isnan(answer.middle) & np.isnan(answer.chance)))
    first = (question.first - EPOCH).days - 1
    rounded = [
        pa.array([None if value != value else round(value, digits) for value in numbers[known].tolist()], pa.float64())
        for numbers, digits in (
            (answer.low, ENDS), (answer.middle, ENDS), (answer.high, ENDS), (answer.chance, CHANCES),
        )
    ]  # fmt: skip
    dates = pa.array((question.days[known] + first).tolist(), pa.int32()).cast(pa.date32())
    return pa.StructArray.from_arrays([dates, *rounded], fields=list(ROW))
