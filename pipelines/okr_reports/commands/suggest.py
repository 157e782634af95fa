"""Which targets a KPI's own past makes likely for a period: what was reached before, and likely ends of the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError, did_you_mean

if TYPE_CHECKING:
    from okr_reports.forecasting.mixture import Mixtures

# The chance of an end, and the standard normal value that half of what is left lies beyond.
CHANCES = {90: 1.2815515655446004, 70: 0.5244005127080407, 50: 0.0}
EARLIER = 4


@dataclass(frozen=True)
class Suggestion:
    """Numbers in the KPI's unit. `earlier`: start, end and value of periods as long (of whole months,
    as many months) that ended before it, newest first.

    `likely`: the end that is reached (for a KPI that should fall: kept to) with a chance of 90, 70 and 50 in 100.
    Empty for what comes by months or quarters (`grain`): spread over their days these look steadier than they are.
    """

    kpi_id: str
    title: str
    unit: str
    better: str
    start: date
    end: date
    known_through: date
    earlier: list[tuple[date, date, float]]
    likely: dict[int, float]
    grain: str | None


def suggest(snapshot: Path, kpi_id: str, start: date, end: date) -> Suggestion:
    """Likely ends of one period. Raises OkrError where the KPI's past tells none, and says why."""
    kpi, days = _read(snapshot, kpi_id)
    if kpi["kind"] == "distinct":
        raise OkrError(f"{kpi_id} counts people, who cannot be added up over days: its past tells no target")
    if not days:
        raise OkrError(f"{kpi_id} has no days yet; run `okr refresh` once its channel is on")
    first, through = days[0][0], days[-1][0]
    if end <= through:
        raise OkrError(f"the period ended on {end}, and {kpi_id} is known through {through}; name a later one")
    from okr_reports.forecasting.members import LONGEST

    if (end - through).days > LONGEST:
        what = f"the period ends on {end}, more than two years after {through}, the last day of {kpi_id}"
        raise OkrError(f"{what}; nobody can tell so far ahead: name an earlier one")
    is_coarse = kpi["grain"] in ("month", "quarter")
    mixtures, so_far = (None, 0.0) if is_coarse else _end_of(kpi["kind"], days, start, end)
    if mixtures is None and not is_coarse:
        raise OkrError(f"{kpi_id} is known from {first} to {through} alone, and needs fourteen days; try again later")
    sign = 1.0 if kpi["better"] == "lower" else -1.0
    ends = {} if mixtures is None else {chance: mixtures.quantile(sign * z)[0] for chance, z in CHANCES.items()}
    likely = {chance: so_far + float(end_of) for chance, end_of in ends.items()}
    known = ((begin, last) for begin, last in periods_before(start, end) if first <= begin and last <= through)
    valued = ((begin, last, _value(kpi["kind"], days, begin, last)) for begin, last in known)
    earlier = [(begin, last, value) for begin, last, value in valued if value is not None][:EARLIER]
    return Suggestion(
        kpi_id, kpi["title"], kpi["unit"], kpi["better"], start, end, through, earlier, likely, kpi["grain"]
    )


def periods_before(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Periods as long that ended before one, newest first: as many months where it is whole months, else days."""
    after, months = end + timedelta(days=1), (end.year - start.year) * 12 + end.month - start.month + 1
    is_months = start.day == 1 and after.day == 1
    for back in range(1, EARLIER + 8):
        if is_months:
            begin, next_begin = (_months_earlier(start, months * places) for places in (back, back - 1))
            yield begin, next_begin - timedelta(days=1)
        else:
            begin = start - back * (after - start)
            yield begin, begin + (end - start)


def _months_earlier(day: date, months: int) -> date:
    """The first of a month so many months before that of `day`."""
    place = day.year * 12 + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def _end_of(kind: str, days: list[Any], start: date, end: date) -> tuple[Mixtures | None, float]:
    """The distribution of the period's number, and what of a flow is there already."""
    import numpy as np

    from okr_reports.forecasting.days import Calendar
    from okr_reports.forecasting.flows import Series, rest_of
    from okr_reports.forecasting.kinds import level_end, ratio_end
    from okr_reports.forecasting.mixture import LOGARITHM

    first, known = days[0][0], len(days)
    total = (end - first).days + 1
    above, below = (np.array([float(day[place] or 0) for day in days]) for place in (1, 2))
    calendar, ones, as_of, stop = Calendar(first, total), np.ones(total), np.array([known]), np.array([total])
    begin = (start - first).days
    series = Series(calendar, above, ones, 0 * ones)
    if kind == "stock":
        return level_end(series, as_of, stop)[1], 0.0
    if kind == "ratio":
        of_days = Series(calendar, below, ones, 0 * ones)
        return ratio_end(above, of_days, as_of, stop, max(min(begin, known), 0))[1], 0.0
    falls = bool((above < 0).any())
    _, mixtures = rest_of(series, as_of, stop, None if begin > known else max(begin, 0), may_fall=falls)
    if mixtures is None or begin <= known:
        return mixtures, float(above[max(begin, 0) :].sum())
    # Of the days to come only those of the period; what lies between is left out in proportion.
    share = (total - begin) / (total - known)
    is_log = mixtures.shape[0] == LOGARITHM
    mixtures.mean = mixtures.mean + np.log(share) if is_log else mixtures.mean * share
    mixtures.variance = mixtures.variance if is_log else mixtures.variance * share**2
    return mixtures, 0.0


def _value(kind: str, days: list[Any], first: date, last: date) -> float | None:
    inside = [day for day in days if first <= day[0] <= last]
    if kind == "stock":
        return float(inside[-1][1]) if inside and inside[-1][1] is not None else None
    above = sum(float(day[1] or 0) for day in inside)
    if kind == "flow":
        return above
    below = sum(float(day[2] or 0) for day in inside)
    return above / below if below else None


def _read(snapshot: Path, kpi_id: str) -> tuple[dict[str, Any], list[Any]]:
    """The KPI, and its days without a gap; a level holds until the next one."""
    with open_copy(snapshot) as connection:
        row = connection.execute(
            "select title, kind, unit, better, grain from marts.dim_kpi where kpi_id = ?", [kpi_id]
        ).fetchone()
        if row is None:
            known = [name for (name,) in connection.execute("select kpi_id from marts.dim_kpi order by 1").fetchall()]
            some = f"use one of the {len(known)} there are, such as {known[0]}" if known else "none is defined yet"
            raise OkrError(f"there is no KPI {kpi_id!r}; {did_you_mean(kpi_id, known, some)}")
        found = connection.execute(
            "select date, numerator, denominator from marts.fct_kpi_daily where kpi_id = ? order by date", [kpi_id]
        ).fetchall()
    kpi = dict(zip(("title", "kind", "unit", "better", "grain"), row, strict=True))
    days: list[Any] = []
    for day in found:
        while days and days[-1][0] + timedelta(days=1) < day[0]:
            kept = days[-1][1] if kpi["kind"] == "stock" else 0
            days.append((days[-1][0] + timedelta(days=1), kept, 0))
        days.append(day)
    return kpi, days
