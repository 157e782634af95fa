"""The days of a table: each text read once, the order of day and month decided once."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from okr_reports.channels.files import dates, periods
from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.names import is_range_end, is_utc, plain, spaced
from okr_reports.channels.files.odd_rows import OddRows
from okr_reports.channels.files.rows import Fault

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing

_NTH_DAY = re.compile(r"nth day|ntag|n-?i[eè]me jour|enésimo día", re.IGNORECASE)
_TIME_BEHIND = re.compile(r"[T ,]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?: ?[ap]\.?m\.?)?$", re.IGNORECASE)
_WRITTEN = "select distinct {column} from base where counts and {column} is not null"


class DayReader:
    """Gives `base` the columns day, end_day, as_of_day and kind: `row`, `total` or `skip`; makes the view `good`."""

    def __init__(self, typing: Typing) -> None:
        self.typing, self.source, self.layout = typing, typing.source, typing.layout
        self.months = self.source.grain in ("month", "quarter")
        self.weeks = self.source.grain == "week"
        self.undecided = False

    def read(self) -> None:
        run = self.typing.run
        self._read_column("date", "day")
        self._read_column("end_date", "end_day")
        self._read_column("as_of", "as_of_day")
        if "date" not in self.layout.roles and self.layout.preamble.first is not None:
            run("update base set day = $day", {"day": self.layout.preamble.first})
        run("alter table base add column kind varchar default 'row'")
        run("create or replace view good as select * from base where counts and kind = 'row'")
        OddRows(self.typing, self.undecided).sort()

    def _read_column(self, role: str, into: str) -> None:
        run = self.typing.run
        run(f"alter table base add column {into} date")
        if role not in self.layout.roles:
            return
        texts = [text for (text,) in run(_WRITTEN.format(column=f"{role}_text"))]
        days = self._days(texts, role, self.layout.names[self.layout.roles[role]])
        self.typing.connection.register(
            "read_days", pa.table({"text": pa.array(days, pa.string()), "day": pa.array(days.values(), pa.date32())})
        )
        run(f"update base set {into} = read_days.day from read_days where {role}_text = read_days.text")
        self.typing.connection.unregister("read_days")

    def _days(self, texts: list[str], role: str, header: str) -> dict[str, date | None]:
        form = self.source.date_format
        if form is not None:
            self._check_utc([day for day in map(dates.read, texts) if day is not None], False, role)
            return {text: self._native(text) or self._declared(text, form) for text in texts}
        if _NTH_DAY.fullmatch(spaced(header)) and (first := self.layout.preamble.first):
            return {
                text: first + timedelta(days=int(text)) if text.isdigit() and len(text) < 5 else None for text in texts
            }
        written = {text: self._written(text.lstrip(NATIVE)) for text in texts}
        known = [day for day in written.values() if day is not None]
        month_first = self._order(written, role)
        if month_first is None:
            self.undecided = True
            return dict.fromkeys(texts)
        utc = is_utc(header)
        self._check_utc(known, utc, role)
        zone = ZoneInfo(self.source.timezone) if self.source.timezone else self._zone_of_utc(known)
        return {text: dates.day_of(day, month_first, zone, utc=utc) if day else None for text, day in written.items()}

    def _written(self, text: str) -> dates.Written | None:
        found = dates.read(text, months=self.months)
        if found is None and self.weeks and (week := periods.read(text, "week")) and week.year:
            first = week.first(week.year)
            return dates.Written(first.year, first.month, first.day) if first else None
        return found

    def _zone_of_utc(self, known: list[dates.Written]) -> ZoneInfo | None:
        """Whose days times of day in UTC are, where the source has such a zone."""
        zone = self.source.utc_days
        return ZoneInfo(zone) if zone and dates.has_times_in_utc(known) else None

    def _native(self, text: str) -> date | None:
        written = dates.read(text[1:]) if text.startswith(NATIVE) else None
        return written.on(False) if written and not written.order else None

    def _declared(self, text: str, form: str) -> date | None:
        try:
            # a time of day behind the day is no other format
            found = datetime.strptime(text if "%H" in form or "%I" in form else _TIME_BEHIND.sub("", text), form)
        except ValueError:
            return None
        if found.tzinfo is None and text.endswith(("Z", "UTC")):
            found = found.replace(tzinfo=UTC)
        if self.source.timezone and found.tzinfo is not None:
            return found.astimezone(ZoneInfo(self.source.timezone)).date()
        return found.date()

    def _order(self, written: dict[str, dates.Written | None], role: str) -> bool | None:
        """Whether the month comes first; None, and a fault, where both orders fit and nothing says which."""
        open_ones = {
            text: day
            for text, day in written.items()
            if day is not None and day.order and (day.on(True) or day.on(False))
        }
        possible = dates.orders(open_ones.values())
        if len(possible) > 1 and open_ones:
            possible &= dates.orders(self._beside(role, {day.order for day in open_ones.values()})) or possible
        if len(possible) == 1 or not open_ones:
            return True in possible and False not in possible
        if not possible:
            self._two_orders(open_ones, role)
            return None
        if all(day.order == "." for day in open_ones.values()):
            return False
        same = all(day.on(True) == day.on(False) for day in open_ones.values())
        fits = {order for order in possible if self._in_range(open_ones, order)}
        if same or len(fits) == 1:
            return same or True in fits
        if plain(self.typing.header(role)) in map(plain, self.source.month_first):
            return all(day.order == "/" for day in open_ones.values())
        found = self._lines(role, list(open_ones))
        what = f"column {self.typing.header(role)!r} holds dates that may be day/month or month/day"
        mark = next(iter(open_ones.values())).order
        todo = f'declare `date_format: "%d{mark}%m{mark}%Y"` or "%m{mark}%d{mark}%Y"'
        self.typing.fault(what, todo, found, "date_format")
        return None

    def _beside(self, role: str, marks: set[str]) -> list[dates.Written]:
        """The days of the other columns of days, first and last, that are written with the same marks."""
        of_days = {at for other, at in self.layout.roles.items() if other in ("date", "end_date", "as_of")}
        of_days |= {at for at, name in enumerate(self.layout.names) if is_range_end(name)}
        written: list[dates.Written | None] = []
        for at in sorted(of_days - {self.layout.roles[role]}):
            found = self.typing.run(f"select distinct c{at} from cells where c{at} is not null limit 20000")
            written += [dates.read(text) for (text,) in found]
        return [day for day in written if day is not None and day.order in marks]

    def _in_range(self, written: dict[str, dates.Written], order: bool) -> bool:
        days = [day.on(order) for day in written.values()]
        ranges = self.layout.preamble.ranges()
        return any(all(day and first <= day <= last for day in days) for first, last in ranges) if ranges else True

    def _two_orders(self, written: dict[str, dates.Written], role: str) -> None:
        odd = [next(text for text, day in written.items() if day.on(order) is None) for order in (True, False)]
        what = f"column {self.typing.header(role)!r} holds dates of two orders, day/month and month/day"
        self.typing.fault(what, "write them all in one, best as 2026-09-30", self._lines(role, odd))

    def _lines(self, role: str, texts: list[str]) -> list[tuple[Any, ...]]:
        where = f"counts and list_contains($texts, {role}_text)"
        return self.typing.run(
            f"select min(line), {role}_text from base where {where} group by 2 order by 1", {"texts": texts}
        )

    def _check_utc(self, known: list[dates.Written], utc: bool, role: str) -> None:
        stamped = [day for day in known if day.at is not None]
        if role != "date":
            return
        if self.source.timezone:
            if not utc and any(day.offset is None for day in stamped):
                self.typing.said.append(
                    "time stamps without an offset keep their day: nobody says of which zone they are"
                )
            return
        if dates.has_times_in_utc(known):
            if zone := self.source.utc_days:
                self.typing.said.append(f"times of day in UTC are of the days of {zone}; `timezone` names another zone")
                return
            named = self.typing.header(role)
            what = f"column {named!r} holds times of day in UTC, so its days are not those of the account"
            self.typing.faults.append(
                Fault(
                    what,
                    "declare `timezone: Europe/Madrid`, or `timezone: UTC` to take them as they are",
                    settles="timezone",
                )
            )
        elif utc:
            self.typing.said.append("days are those of UTC, as the header says")
