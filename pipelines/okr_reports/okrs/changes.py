"""What an edit of the definitions will do: two states of them compared, in sentences for whoever reviews it.

Rules: docs/scoring.md, "Close" and "Versions". Numbers come from the last report where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.shapes import KeyResult, numbers_of
from okr_reports.okrs.periods import Span
from okr_reports.okrs.rows.parts import KPI_WORDS, LINE, SAID_BESIDE, fields_of
from okr_reports.okrs.words import shown


@dataclass(frozen=True)
class Known:
    """What the last report knows: values of key results, which are closed since when, and what a KPI would come to.

    `estimate` is of a KPI from one day to another, both in, without the pauses in between, first and last day of each;
    None where only a refresh can tell.
    """

    values: Mapping[str, float | None] = field(default_factory=dict)
    closed: Mapping[tuple[str, str], date] = field(default_factory=dict)
    estimate: Callable[[Kpi, date, date, Sequence[tuple[date, date]]], float | None] = lambda *_: None


def changes(before: Definitions, after: Definitions, today: date, known: Known) -> list[str]:
    """One sentence a change that moves a number, a verdict or a record; none for texts and owners."""
    return [
        *_periods(before, after),
        *_settings(before, after),
        *_kpis(before, after, today, known),
        *_key_results(before, after, today, known),
        *_check_ins(before, after, known),
    ]


def _periods(before: Definitions, after: Definitions) -> Iterator[str]:
    for name in dict.fromkeys(objective.period for objective in after.objectives):
        was, now = before.span(name), after.span(name)
        used = [result.id for objective, result in after.key_results() if objective.period == name]
        if was and now and (was.start, was.end) != (now.start, now.end):
            yield (
                f"period {shown(name)}: {was.start} to {was.end} -> {now.start} to {now.end}; its key results that are"
                f" open are computed anew over it ({_names(used)}), closed ones stay"
            )


def _settings(before: Definitions, after: Definitions) -> Iterator[str]:
    names = ("status", "success", "close_after_days", "currency", "timezone", "week_starts", "fiscal_year")
    was, now = (fields_of(definitions.settings) for definitions in (before, after))
    for name in names:
        if was.get(name) != now.get(name):
            yield f"settings.{name}: {_move(was.get(name), now.get(name))}; holds for every open key result"


def _kpis(before: Definitions, after: Definitions, today: date, known: Known) -> Iterator[str]:
    for name in sorted({*before.kpi_by_id, *after.kpi_by_id}):
        was, now = before.kpi_by_id.get(name), after.kpi_by_id.get(name)
        if was is None or now is None:
            yield f"KPI {shown(name)}: " + ("new" if was is None else "removed with its days; past reports stay")
            continue
        moved = _moved(fields_of(was, KPI_WORDS), fields_of(now, KPI_WORDS))
        if not moved:
            continue
        users = [(objective, result) for objective, result in after.key_results() if numbers_of(result).kpi == name]
        is_open = {result.id: (result.id, objective.period) not in known.closed for objective, result in users}
        running = [
            _recomputed(result, now, after.span(objective.period), today, known)
            for objective, result in users
            if is_open[result.id]
        ]
        closed = len(users) - len(running)
        planned = [
            result.id
            for objective, result in after.key_results()
            if numbers_of(result).plan == name and (result.id, objective.period) not in known.closed
        ]
        yield (
            f"KPI {shown(name)}: {moved}; a new version from {today} on. {_count(len(running), 'open key result')}"
            f" computed anew over the whole period{': ' + ', '.join(running) if running else ''};"
            f" {_count(closed, 'closed one')} {'stays' if closed == 1 else 'stay'}"
            + (
                f"; {_names(planned)} {'takes its' if len(planned) == 1 else 'take their'} target from it"
                if planned
                else ""
            )
        )


def _recomputed(result: KeyResult, kpi: Kpi, span: Span | None, today: date, known: Known) -> str:
    name = result.id
    was, now = known.values.get(name), None
    if span:
        start, end = max(span.start, result.starts or span.start), min(span.end, today - timedelta(days=1))
        now = known.estimate(kpi, start, end, [(pause.first, pause.last) for pause in result.pauses])
    if was is None and now is None:
        return f"{name} (the next refresh says what it comes to)"
    return f"{name} {_number(was)} -> {_number(now) if now is not None else 'what the next refresh says'}"


def _key_results(before: Definitions, after: Definitions, today: date, known: Known) -> Iterator[str]:
    were, are = before.key_result_by_id, after.key_result_by_id
    for name in sorted({*were, *are}):
        if name not in were:
            yield from _added(name, are[name][0], after.span(are[name][0].period), today)
        elif name not in are:
            closed = (name, were[name][0].period) in known.closed
            yield (
                f"key result {shown(name)}: removed; what was reported stays"
                + (", and so does its closed result" if closed else ", and it will never close")
                + f"; {shown(were[name][0].id)} is scored without it"
            )
        else:
            yield from _edited(name, were[name], are[name], today, known)


def _added(name: str, objective: Objective, span: Span | None, today: date) -> Iterator[str]:
    where = f"key result {shown(name)}: added to {shown(objective.id)} ({objective.period})"
    if span and span.start < today <= span.end:
        share = (today - span.start).days / ((span.end - span.start).days + 1)
        yield f"{where}, {share:.0%} into its period; it is scored from its start unless `starts` says otherwise"
    elif span and today > span.end:
        yield f"{where}, whose period is over; it closes by itself, and a closed objective stays as it is"
    else:
        yield where


def _edited(
    name: str, was: tuple[Objective, KeyResult], now: tuple[Objective, KeyResult], today: date, known: Known
) -> Iterator[str]:
    head = f"key result {shown(name)}"
    closed_on = known.closed.get((name, now[0].period))
    if was[0].period != now[0].period:
        stays = ", and its closed result" if (name, was[0].period) in known.closed else ""
        yield (
            f"{head}: moved from {was[0].period} to {now[0].period} and begins anew there; the reports of"
            f" {was[0].period} stay{stays}"
        )
    elif was[0].id != now[0].id:
        yield f"{head}: moved from {shown(was[0].id)} to {shown(now[0].id)}; both are scored anew, closed ones stay"
    old, new = (fields_of(pair[1], SAID_BESIDE) for pair in (was, now))
    line = _moved({key: old.get(key) for key in LINE}, {key: new.get(key) for key in LINE})
    rest = _moved({k: v for k, v in old.items() if k not in LINE}, {k: v for k, v in new.items() if k not in LINE})
    if (line or rest) and closed_on:
        yield (
            f"{head}: {'; '.join(filter(None, (line, rest)))}. It closed on {closed_on}: this counts for nothing but"
            " what is known now beside it; `reopen` closes it anew"
        )
        return
    value = known.values.get(name)
    if line:
        reached = f"; {_number(value)} so far" if value is not None else ""
        yield f"{head}: {line} from {today} on, the days before keep the old line{reached}"
    if rest:
        yield f"{head}: {rest}; holds for its whole period"


def _check_ins(before: Definitions, after: Definitions, known: Known) -> Iterator[str]:
    said = {_said(check_in) for check_in in before.check_ins}
    for check_in in after.check_ins:
        owner = after.key_result_by_id.get(check_in.key_result)
        if (
            _said(check_in) in said
            or owner is None
            or not (closed_on := known.closed.get((check_in.key_result, owner[0].period)))
        ):
            continue
        yield (
            f"check-in of {check_in.date} on {shown(check_in.key_result)}: it closed on {closed_on}; this counts for"
            " what is known now alone, unless `reopen` closes it anew"
        )


def _said(check_in: Any) -> str:
    return repr(sorted(fields_of(check_in).items(), key=lambda pair: pair[0]))


def _moved(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = [name for name in dict.fromkeys([*was, *now]) if was.get(name) != now.get(name)]
    return ", ".join(f"{name} {_move(was.get(name), now.get(name))}" for name in names)


def _move(was: Any, now: Any) -> str:
    return f"{_text(was)} -> {_text(now)}"


def _text(value: Any) -> str:
    """A value as it is written in YAML, in one line."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        if value.keys() == {"operator", "values"}:
            words = {"in": "", "like": "like ", "not_in": "not ", "not_like": "not like "}
            return words[str(value["operator"])] + "/".join(map(str, value["values"]))
        return "{" + ", ".join(f"{name}: {_text(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(map(_text, value)) if len(value) == 1 else "[" + ", ".join(map(_text, value)) + "]"
    return shown(str(value))[1:-1]


def _number(value: float | None) -> str:
    return "no data" if value is None else f"{value:,.2f}".removesuffix(".00")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _names(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "") or "none"
