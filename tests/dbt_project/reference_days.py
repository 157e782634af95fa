"""What the second statement of docs/scoring.md counts: definitions, days that count, days of the week, weeks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kpi:
    """What is known of a KPI: its days and the last closed day for which all its sources have data."""

    kind: str
    days: dict[date, tuple[Fraction, Fraction]]
    through: date | None
    grain: str = "day"
    min_denominator: float | None = None
    signed: bool = False
    # Whether its source says how far it speaks: a day since its first without a row is a day of nothing.
    speaks: bool = False
    # What its source says by weeks or months: first and last day, upper and lower; `days` follow from these.
    spans: tuple[tuple[date, date, Fraction, Fraction], ...] = ()

    def value(self, start: date, end: date) -> float | None:
        """The KPI over an interval, both days in; None is no data."""
        seen = [day for day in self.days if day <= end]
        if not seen:
            return None
        inside = [self.days[day] for day in seen if day >= start]
        if self.kind == "flow":
            return float(sum(numerator for numerator, _ in inside))
        if self.kind == "ratio":
            below = sum(denominator for _, denominator in inside)
            return float(sum(numerator for numerator, _ in inside) / below) if below else None
        if self.kind == "stock":
            return float(self.days[max(seen)][0])
        # Distinct: these sources speak of single days only.
        return float(self.days[end][0]) if start == end and end in self.days else None

    def total(self, start: date, end: date) -> float | None:
        """The KPI over an interval that its sources must cover to the end."""
        return None if self.through is None or self.through < end else self.value(start, end)


@dataclass(frozen=True)
class CheckIn:
    day: date
    value: float | None = None
    met: bool | None = None
    grade: float | None = None
    done: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class Milestone:
    id: str
    weight: float
    due: date | None = None


@dataclass(frozen=True)
class KeyResult:
    """A definition as YAML gives it; `baseline` is a number or the interval of a baseline period."""

    id: str
    type: str
    start: date
    end: date
    kpi: Kpi | None = None
    target: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | tuple[date, date] | None = None
    weight: float = 1.0
    ambition: str = "committed"
    pace: str = "linear"
    pace_table: tuple[tuple[date, float], ...] = ()
    last_year: tuple[date, date] | None = None
    milestones: tuple[Milestone, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    hold: str = "units"
    allowed_misses: int | None = None
    due: date | None = None
    starts: date | None = None
    pauses: tuple[tuple[date, date], ...] = ()
    least_coverage: float = 0.9
    # The KPI that the target is taken from.
    plan: Kpi | None = None
    # On which day weeks begin, in days before Monday.
    week_starts: int = 0

    @property
    def first(self) -> date:
        """Its first day that may count."""
        return max(self.start, self.starts or self.start)

    def pauses_on(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.pauses)

    def counts(self, day: date) -> bool:
        """Whether a day is one of its own."""
        return self.first <= day <= self.end and not self.pauses_on(day)

    def days_to(self, day: date) -> list[date]:
        """The days that count up to one."""
        every = (self.first + number * DAY for number in range((min(day, self.end) - self.first).days + 1))
        return [one for one in every if self.counts(one)]


def elapsed(kr: KeyResult, day: date) -> float:
    return len(kr.days_to(day)) / len(kr.days_to(kr.end))


def value_of_kpi(kr: KeyResult, days: list[date], day: date) -> float | None:
    """A key result's KPI over the days of its own up to one; None is no data."""
    assert kr.kpi is not None
    rows = kr.kpi.days
    if not any(one <= day for one in rows):
        return None
    inside = [rows[one] for one in days if one in rows]
    if kr.kpi.kind == "flow":
        return float(sum(upper for upper, _ in inside))
    if kr.kpi.kind == "ratio":
        below = sum(lower for _, lower in inside)
        return float(sum(upper for upper, _ in inside) / below) if below else None
    if kr.kpi.kind == "stock":
        read = [one for one in rows if one <= day and (one < kr.first or kr.counts(one))]
        return float(rows[max(read)][0]) if read else None
    # Distinct: these sources speak of single days only.
    return float(rows[day][0]) if kr.first == day and day in rows else None


def units(kr: KeyResult) -> Iterator[list[date]]:
    """The weeks that it is judged by, months where its KPI is monthly, each as its days that count."""
    monthly = kr.kpi is not None and kr.kpi.grain == "month"
    if kr.kpi is not None and kr.kpi.kind == "stock" and len(kr.kpi.days) > 1 and not monthly:
        # Read once in three weeks or more.
        monthly = (max(kr.kpi.days) - min(kr.kpi.days)).days >= 21 * (len(kr.kpi.days) - 1)
    of: dict[date, list[date]] = {}
    for day in kr.days_to(kr.end):
        of.setdefault(day.replace(day=1) if monthly else day - (day.weekday() + kr.week_starts) % 7 * DAY, []).append(
            day
        )
    yield from of.values()


def observed_weeks(kr: KeyResult, day: date) -> list[float]:
    """The values of the closed weeks that have one: something read, or enough to divide by, on days that count."""
    found = []
    for days in units(kr):
        if days[-1] > day:
            continue
        number: float | None
        if kr.kpi is None:
            said = [one.value for one in sorted(kr.check_ins, key=lambda one: one.day)
                    if one.day in days and one.value is not None]  # fmt: skip
            number = float(said[-1]) if said else None
        elif kr.kpi.kind == "ratio":
            rows = [kr.kpi.days[one] for one in days if one in kr.kpi.days]
            below = sum(lower for _, lower in rows)
            enough = below and below >= Fraction(str(kr.kpi.min_denominator or 0))
            number = float(sum(upper for upper, _ in rows) / below) if enough else None
        elif kr.kpi.kind == "stock":
            read = [one for one in days if one in kr.kpi.days]
            number = float(kr.kpi.days[read[-1]][0]) if read else None
        else:
            number = float(kr.kpi.days[days[0]][0]) if days[0] == days[-1] and days[0] in kr.kpi.days else None
        if number is not None:
            found.append(number)
    return found


def share_by_weekdays(kr: KeyResult, day: date) -> float | None:
    """What share of the whole lies in the days so far by what each weekday brings; None where days weigh alike."""
    assert kr.kpi is not None
    known = min(56, (day - min(kr.kpi.days)).days + 1) if kr.kpi.days else 0
    if kr.kpi.grain != "day" or known < 28:
        return None
    window = [day - number * DAY for number in range(known - known % 7)]
    window = [one for one in window if not (kr.first <= one <= kr.end and kr.pauses_on(one))]
    weights = {}
    for weekday in range(7):
        amounts = [kr.kpi.days.get(one, (Fraction(0), None))[0] for one in window if one.weekday() == weekday]
        if not amounts or sum(amounts) < 0:
            return None
        weights[weekday] = sum(amounts) / len(amounts)
    behind, whole = (sum(weights[one.weekday()] for one in kr.days_to(last)) for last in (day, kr.end))
    return float(behind / whole) if behind else None


def projected(kr: KeyResult, day: date, value: float | None) -> float | None:
    """A flow's total if it goes on so."""
    share = (share_by_weekdays(kr, day) if value is not None else None) or elapsed(kr, day)
    return None if value is None or not share else value / share


def baseline_coverage(kr: KeyResult, start: date, end: date) -> float:
    """On what share of a baseline's days there are data: said of, or with a row; a stock, read lately."""
    assert kr.kpi is not None
    if kr.kpi.kind == "distinct" or not any(one <= end for one in kr.kpi.days):
        return 1.0
    if kr.kpi.kind == "stock":
        return float((end - max(one for one in kr.kpi.days if one <= end)).days <= 3)
    if kr.kpi.speaks:
        return ((end - max(start, min(kr.kpi.days))).days + 1) / ((end - start).days + 1)
    return sum(start <= one <= end for one in kr.kpi.days) / ((end - start).days + 1)
