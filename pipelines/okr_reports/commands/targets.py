"""Targets that the KPI's own past always reached, or never came near: `okr check` says so, from the analysts' copy.

Compared with the last periods of the same length that are known whole, as `okr suggest` shows them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports import settings
from okr_reports.commands.copy_warnings import copy_warnings
from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import Finding

if TYPE_CHECKING:
    from okr_reports.okrs.definitions import Definitions
    from okr_reports.okrs.models.objectives import Objective
    from okr_reports.okrs.models.shapes import KeyResult, Measure

LEAST = 3
_EARLIER = """
with known as (
    select kpi_id, min(date) as first_day, max(date) as last_day from marts.fct_kpi_daily group by 1
)

select
    asked.place,
    sum(daily.numerator)::double,
    sum(daily.denominator)::double,
    arg_max(daily.numerator, daily.date)::double
from (
    select unnest($places) as place, unnest($kpis) as kpi_id, unnest($starts) as first, unnest($ends) as last
) as asked
join known on known.kpi_id = asked.kpi_id and known.first_day <= asked.first and known.last_day >= asked.last
join marts.fct_kpi_daily as daily
    on daily.kpi_id = asked.kpi_id and daily.date between asked.first and asked.last
group by asked.place, asked.last
order by asked.place, asked.last
"""


@copy_warnings
def unusual_targets(snapshot: Path, defined: Definitions) -> Iterator[Finding]:
    """Those that the periods before always or never reached."""
    from okr_reports.okrs.findings import advice
    from okr_reports.okrs.words import plain, shown

    compared = list(_comparable(defined))
    if not compared:
        return
    values = _earlier(snapshot, defined, compared)
    for place, (objective, scored, target) in enumerate(compared):
        found = values.get(place, [])
        if len(found) < LEAST:
            continue
        sign = -1 if scored.rule.better == "lower" else 1
        worst, best = min(found, key=lambda number: number * sign), max(found, key=lambda number: number * sign)
        ahead = (float(target) - best) * sign
        since = f"the {len(found)} periods as long before it"
        todo = f"`okr suggest {_kpi_of(scored)} --period {objective.period}` says which ends are likely"
        line = scored.place.at("target")
        if (float(target) - worst) * sign <= abs(worst) * 1e-9:
            what = f"{plain(target)} of {shown(_kpi_of(scored))} was reached in each of {since} (at worst {worst:,.4g})"
            yield advice(scored.place.path, line, what, todo)
        elif ahead > (best - worst) * sign and ahead > abs(best) / 2:
            what = f"{plain(target)} of {shown(_kpi_of(scored))} lies far beyond any of {since} (at best {best:,.4g})"
            yield advice(scored.place.path, line, what, todo)


def _kpi_of(scored: KeyResult | Measure) -> str:
    from okr_reports.okrs.models.shapes import numbers_of

    return numbers_of(scored).kpi or ""


def _comparable(defined: Definitions) -> Iterator[tuple[Objective, KeyResult | Measure, Decimal]]:
    """What has a number as its target over a whole period that has not ended."""
    from okr_reports.okrs.models.shapes import numbers_of

    today = settings.today(defined.settings.timezone)
    for objective, scored in defined.scored():
        numbers, span = numbers_of(scored), defined.span(objective.period)
        kpi = defined.kpi_by_id.get(numbers.kpi or "")
        if kpi is None or span is None or span.end < today or not isinstance(numbers.target, Decimal):
            continue
        is_whole = getattr(scored, "starts", None) is None and not getattr(scored, "pauses", None)
        is_weekly = scored.rule.is_held and getattr(scored, "hold", None) not in (None, "end", "average")
        if is_whole and not is_weekly and kpi.kind in ("flow", "ratio", "stock") and scored.rule.better:
            yield objective, scored, numbers.target


def _earlier(
    snapshot: Path, defined: Definitions, compared: list[tuple[Objective, KeyResult | Measure, Decimal]]
) -> dict[int, list[float]]:
    """By place in `asked` the numbers of the newest periods before it that are known whole, oldest first."""
    from okr_reports.commands.suggest import EARLIER, periods_before

    rows = []
    for place, (objective, scored, _) in enumerate(compared):
        span = defined.span(objective.period)
        assert span is not None
        rows += [(place, _kpi_of(scored), first, last) for first, last in periods_before(span.start, span.end)]
    places, kpis, starts, ends = (list(column) for column in zip(*rows, strict=True))
    with open_copy(snapshot) as connection:
        given = {"places": places, "kpis": kpis, "starts": starts, "ends": ends}
        found = connection.execute(_EARLIER, given).fetchall()
    values: defaultdict[int, list[float]] = defaultdict(list)
    for place, above, below, last in found:
        kind = defined.kpi_by_id[_kpi_of(compared[place][1])].kind
        value = above if kind == "flow" else last if kind == "stock" else above / below if below else None
        if value is not None:
            values[place].append(value)
    return {place: found[-EARLIER:] for place, found in values.items()}
