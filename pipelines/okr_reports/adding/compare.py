"""`okr compare`: a channel's days beside an export of the vendor's own screen.

Reads the analysts' copy; the export is read by its preset, as a file source would be, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from okr_reports import settings
from okr_reports.catalogue import is_money
from okr_reports.channels.files.read import read_source
from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError, did_you_mean
from okr_reports.okrs.models.file_sources import FileSourceEntry
from okr_reports.okrs.presets import presets

# What two honest counts of one thing may differ by: money is settled, events are counted by two systems.
TOLERANCE, SPEND_TOLERANCE = Decimal("0.02"), Decimal("0.01")
# Exports round to the cent.
LEAST = Decimal("0.01")
COUNTED = ("conversions", "conversion_value", "leads", "purchases", "all_conversions", "view_through_conversions")


@dataclass(frozen=True)
class Difference:
    """A day of a measure on which ours and the export's are further apart than its tolerance; amounts in `currency`."""

    date: date
    measure: str
    ours: Decimal
    theirs: Decimal
    currency: str | None
    reasons: tuple[str, ...]

    @property
    def share(self) -> float | None:
        """Ours less the export's as a share of the export's; None where that is 0."""
        return float((self.ours - self.theirs) / self.theirs) if self.theirs else None


@dataclass(frozen=True)
class Comparison:
    """What was compared: days from `first_day` to `last_day`, `measures`, how many day-measures, and what differs."""

    channel: str
    first_day: date
    last_day: date
    measures: tuple[str, ...]
    compared: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Known:
    """What the marts say of the channel: how far it is loaded, from when it may change, what its conversions count."""

    data_through: date | None
    provisional_from: date | None
    means: str | None


def compare(snapshot: Path, channel: str, export: Path, preset: str | None, given: dict[str, Any]) -> Comparison:
    """Compare day by day and measure by measure. Raises OkrError where there is nothing to compare, and says why."""
    theirs, accounts = _export(channel, export, preset, given)
    first, last = min(day for day, _, _ in theirs), max(day for day, _, _ in theirs)
    with open_copy(snapshot) as connection:
        known = _known(connection, channel)
        ours = _ours(connection, channel, first, last, accounts)
    measures = tuple(sorted({measure for _, measure, _ in theirs} & {measure for _, measure, _ in ours}))
    if not measures:
        said = ", ".join(sorted({measure for _, measure, _ in theirs}))
        raise OkrError(
            f"{channel} has nothing of what {export.name} has ({said}) from {first} to {last}; load these days with "
            f"`okr refresh --channel {channel} --from {first} --to {last}`, or export others"
        )
    # An export without a currency is of the account's own.
    unnamed = {measure for _, measure, currency in theirs if currency is None and is_money(measure)}
    if unnamed:
        ours = _without_currency(channel, ours, unnamed)
    keys = sorted(key for key in {*ours, *theirs} if key[1] in measures)
    zero = Decimal(0)
    apart = [key for key in keys if _differs(key[1], ours.get(key, zero), theirs.get(key, zero))]
    why = _Reasons(channel, known, ours, theirs, apart)
    differences = [
        Difference(key[0], key[1], ours.get(key, zero), theirs.get(key, zero), key[2], tuple(why.of(key)))
        for key in apart
    ]
    return Comparison(channel, first, last, measures, len(keys), tuple(differences))


_Days = dict[tuple[date, str, str | None], Decimal]


def _export(channel: str, export: Path, preset: str | None, given: dict[str, Any]) -> tuple[_Days, set[str]]:
    """The export's days by measure and currency, and the accounts it names."""
    if not export.is_file():
        raise OkrError(f"there is no file {export}; check its name")
    fitting = [name for name, preset in presets().items() if preset.channel == channel or name == channel]
    chosen = preset or (fitting[0] if fitting else "")
    if chosen not in presets():
        todo = did_you_mean(chosen, presets(), f"name one with --preset: {', '.join(presets())}")
        raise OkrError(f"no preset reads exports of {chosen or channel}; {todo}")
    entry = {"id": "export", "path": export.name, "channel": "export", "preset": chosen, **given}
    folder = export.absolute().parent
    try:
        source = FileSourceEntry.model_validate(entry).to_file_source(folder, (folder,))
    except ValueError as error:
        raise OkrError(f"--set: {error}") from None
    with read_source(source, {export.name: export}, settings.today("UTC"), None) as rows:
        if faults := rows.faults.get(export.name):
            raise OkrError("\n".join(f"{export.name}: {fault}; {fault.todo}" for fault in faults))
        found: _Days = {}
        for at, measure in enumerate(rows.measures):
            currency = "currency" if is_money(measure) else "null"
            for day, code, value in rows.connection.execute(
                f"select date, upper({currency}), sum(v{at}) from rows where v{at} is not null group by all"
            ).fetchall():
                found[day, measure, code] = value
        accounts = rows.connection.execute("select distinct account_id from rows where account_id <> ''").fetchall()
    if not found:
        raise OkrError(f"{export.name} has no rows with a day and a number; export a range that has some")
    return found, {_digits(account) for (account,) in accounts}


def _ours(connection: duckdb.DuckDBPyConnection, channel: str, first: date, last: date, accounts: set[str]) -> _Days:
    found: _Days = {}
    for day, account, measure, currency, value in connection.execute(
        "select date, account_id, measure, upper(currency), sum(value_local) from marts.fct_measure_daily "
        "where channel = ? and date between ? and ? and value_local is not null group by all",
        [channel, first, last],
    ).fetchall():
        if not accounts or _digits(account) in accounts:
            key = (day, measure, currency if is_money(measure) else None)
            found[key] = found.get(key, Decimal(0)) + value
    return found


def _without_currency(channel: str, ours: _Days, unnamed: set[str]) -> _Days:
    found: _Days = {}
    codes = {currency for _, measure, currency in ours if measure in unnamed}
    if len(codes) > 1:
        named = ", ".join(sorted(map(str, codes)))
        raise OkrError(f"the export names no currency and {channel} has {named}; add --set currency=EUR, or another")
    for (day, measure, currency), value in ours.items():
        found[day, measure, None if measure in unnamed else currency] = value
    return found


def _known(connection: duckdb.DuckDBPyConnection, channel: str) -> _Known:
    through, provisional = connection.execute(
        "select min(data_through), min(provisional_from) from marts.source_health where channel = ?", [channel]
    ).fetchone() or (None, None)
    means = connection.execute("select max(conversions_means) from marts.dim_channel where channel = ?", [channel])
    return _Known(through, provisional, (means.fetchone() or (None,))[0])


def _differs(measure: str, ours: Decimal, theirs: Decimal) -> bool:
    tolerance = SPEND_TOLERANCE if measure == "spend" else TOLERANCE
    return abs(ours - theirs) > max(tolerance * abs(theirs), LEAST)


def _digits(account: str) -> str:
    """An account as screens and APIs write it alike: 111-222-3333 is 1112223333."""
    return account.replace("-", "").removeprefix("act_").lower()


class _Reasons:
    """What may have made a difference; the likeliest first."""

    def __init__(self, channel: str, known: _Known, ours: _Days, theirs: _Days, apart: Sequence[Any]) -> None:
        self._channel, self._known = channel, known
        self._ours, self._theirs, self._apart = ours, theirs, set(apart)

    def of(self, key: tuple[date, str, str | None]) -> Iterator[str]:
        day, measure, _ = key
        through, provisional = self._known.data_through, self._known.provisional_from
        if through is not None and day > through:
            yield f"not loaded yet: {self._channel} reaches to {through}"
        elif provisional is not None and day >= provisional:
            yield f"a late day: the vendor may still restate it from {provisional} on; refresh and export on one day"
        others = {key for key in self._apart if key[0] == day}
        if measure in COUNTED and all(key[1] in COUNTED for key in others):
            means = f" ({self._known.means})" if self._known.means else ""
            yield f"attribution: the export may count another kind of conversion or window than ours{means}"
        if self._adds_up(measure):
            yield "zone: the days differ and their sum does not, so that days are cut at another midnight"
        elif measure not in COUNTED and key not in self._ours:
            yield "the export has a day that ours has not: another account, or days that were not loaded"
        elif measure not in COUNTED and key not in self._theirs:
            yield "ours has a day that the export has not: it is of part of the campaigns, accounts or days"

    def _adds_up(self, measure: str) -> bool:
        ours = sum((value for key, value in self._ours.items() if key[1] == measure), Decimal(0))
        theirs = sum((value for key, value in self._theirs.items() if key[1] == measure), Decimal(0))
        days = len({key[0] for key in self._apart if key[1] == measure})
        return days > 1 and not _differs(measure, ours, theirs)


def lines(found: Comparison) -> Iterator[str]:
    """The comparison for a terminal."""
    yield (
        f"{found.channel}, {found.first_day} to {found.last_day}: {', '.join(found.measures)}; {found.compared:,}"
        " numbers compared (spend within 1 %, others within 2 %)"
    )
    for difference in found.differences:
        share = "" if difference.share is None else f" ({difference.share:+.1%})"
        money = f" {difference.currency}" if difference.currency else ""
        numbers = f"ours {difference.ours:,.2f}, export {difference.theirs:,.2f}{money}{share}"
        yield f"{difference.date}  {difference.measure}: {numbers}"
        for reason in difference.reasons:
            yield f"            {reason}"
    yield f"{len(found.differences):,} differ" if found.differences else "all agree"
