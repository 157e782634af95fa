"""The days of a table: each text read once, the order of day and month decided once, rows without a day sorted out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from okr_reports.channels.files import dates
from okr_reports.channels.files.amounts import NATIVE, take_apart
from okr_reports.channels.files.faults import SHOWN
from okr_reports.channels.files.names import RANGE_END, ends_in_total, is_total, is_utc, plain, spaced
from okr_reports.channels.files.rows import Fault

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing

_NTH_DAY = re.compile(r"nth day|ntag|n-?i[eè]me jour|enésimo día", re.IGNORECASE)
_START = re.compile(r"start|inicio|beginn|début|begin|inizio", re.IGNORECASE)
_TIME_BEHIND = re.compile(r"[T ,]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?: ?[ap]\.?m\.?)?$", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2\d{2}(?:[ ,T].*)?")
_SEPARATED = re.compile(r"[,;\t|]")
_MOST_ODD = 10_000
_WRITTEN = "select distinct {column} from base where counts and {column} is not null"


class DayReader:
    """Gives `base` the columns day, end_day, as_of_day and kind: `row`, `total` or `skip`; makes the view `good`."""

    def __init__(self, typing: Typing) -> None:
        self.typing, self.source, self.layout = typing, typing.source, typing.layout
        self.months = self.source.grain in ("month", "quarter")
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
        self._sort_odd_rows()
        self._check_ends()
        self._check_plausible()
        self._check_range()

    # -- texts to days

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
            self._check_utc([one for one in map(dates.read, texts) if one is not None], False, role)
            return {text: self._native(text) or self._declared(text, form) for text in texts}
        if _NTH_DAY.fullmatch(spaced(header)) and (first := self.layout.preamble.first):
            return {
                text: first + timedelta(days=int(text)) if text.isdigit() and len(text) < 5 else None for text in texts
            }
        written = {text: dates.read(text.lstrip(NATIVE), months=self.months) for text in texts}
        known = [one for one in written.values() if one is not None]
        month_first = self._order(written, role)
        if month_first is None:
            self.undecided = True
            return dict.fromkeys(texts)
        utc = is_utc(header)
        self._check_utc(known, utc, role)
        zone = ZoneInfo(self.source.timezone) if self.source.timezone else self._zone_of_utc(known)
        return {text: dates.day_of(one, month_first, zone, utc=utc) if one else None for text, one in written.items()}

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
            text: one
            for text, one in written.items()
            if one is not None and one.order and (one.on(True) or one.on(False))
        }
        possible = dates.orders(open_ones.values())
        if len(possible) == 1 or not open_ones:
            return True in possible and False not in possible
        if not possible:
            self._two_orders(open_ones, role)
            return None
        if all(one.order == "." for one in open_ones.values()):
            return False
        same = all(one.on(True) == one.on(False) for one in open_ones.values())
        fits = {order for order in possible if self._in_range(open_ones, order)}
        if same or len(fits) == 1:
            return same or True in fits
        if plain(self._header(role)) in map(plain, self.source.month_first):
            return all(one.order == "/" for one in open_ones.values())
        found = self._lines(role, list(open_ones))
        what = f"column {self._header(role)!r} holds dates that may be day/month or month/day"
        mark = next(iter(open_ones.values())).order
        todo = f'declare `date_format: "%d{mark}%m{mark}%Y"` or "%m{mark}%d{mark}%Y"'
        self.typing.fault(what, todo, found, "date_format")
        return None

    def _in_range(self, written: dict[str, dates.Written], order: bool) -> bool:
        days = [one.on(order) for one in written.values()]
        ranges = self.layout.preamble.ranges()
        return any(all(day and first <= day <= last for day in days) for first, last in ranges) if ranges else True

    def _two_orders(self, written: dict[str, dates.Written], role: str) -> None:
        odd = [next(text for text, one in written.items() if one.on(order) is None) for order in (True, False)]
        what = f"column {self._header(role)!r} holds dates of two orders, day/month and month/day"
        self.typing.fault(what, "write them all in one, best as 2026-09-30", self._lines(role, odd))

    def _lines(self, role: str, texts: list[str]) -> list[tuple[Any, ...]]:
        where = f"counts and list_contains($texts, {role}_text)"
        return self.typing.run(
            f"select min(line), {role}_text from base where {where} group by 2 order by 1", {"texts": texts}
        )

    def _header(self, role: str) -> str:
        return spaced(self.layout.names[self.layout.roles[role]])

    def _check_utc(self, known: list[dates.Written], utc: bool, role: str) -> None:
        stamped = [one for one in known if one.at is not None]
        if role != "date":
            return
        if self.source.timezone:
            if not utc and any(one.offset is None for one in stamped):
                self.typing.said.append(
                    "time stamps without an offset keep their day: nobody says of which zone they are"
                )
            return
        if dates.has_times_in_utc(known):
            if zone := self.source.utc_days:
                self.typing.said.append(f"times of day in UTC are of the days of {zone}; `timezone` names another zone")
                return
            what = f"column {self._header(role)!r} holds times of day in UTC, so its days are not those of the account"
            self.typing.faults.append(
                Fault(
                    what,
                    "declare `timezone: Europe/Madrid`, or `timezone: UTC` to take them as they are",
                    settles="timezone",
                )
            )
        elif utc:
            self.typing.said.append("days are those of UTC, as the header says")

    # -- rows without a day

    def _sort_odd_rows(self) -> None:
        run, width = self.typing.run, len(self.layout.names)
        if self.source.connector is not None:
            undated = run("update base set kind = 'skip' where counts and day is null and date_text is null")[0][0]
            if undated:
                self.typing.said.append(f"{undated:,} records without a day are not read")
        columns = ", ".join(f"cells.c{at}" for at in range(width))
        rows = run(
            f"select cells.line, date_text, {columns}, cells.extra from base join cells using (line) "
            f"where counts and kind = 'row' and day is null order by line limit {_MOST_ODD}"
        )
        if not rows:
            return
        kinds: dict[int, str] = {}
        wrong: list[tuple[int, str | None]] = []
        self.others = self._other_texts() if not self.typing.ids() else []
        with_ids = self._rows_with_ids()
        for line, text, *cells in rows:
            kind = self._kind_of(text, cells, with_ids)
            if kind is None:
                wrong.append((line, text))
            else:
                kinds[line] = kind
        if wrong and "date" in self.layout.roles and not self.undecided:
            self._say_wrong(wrong)
        self.typing.connection.register(
            "odd",
            pa.table(
                {
                    "line": pa.array(kinds, pa.int64()),
                    "kind": pa.array([k.split(":")[0] for k in kinds.values()], pa.string()),
                }
            ),
        )
        run("update base set kind = odd.kind from odd where base.line = odd.line")
        self.typing.connection.unregister("odd")
        for word in dict.fromkeys(kinds.values()):
            lines = [line for line, kind in kinds.items() if kind == word]
            if ":" in word:
                more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
                where = ", ".join(self.typing.grid.place(line) for line in lines[:SHOWN])
                self.typing.said.append(f"{word.partition(':')[2]} not read: {where}{more}")

    def _rows_with_ids(self) -> int:
        some = " or ".join(f"{one} is not null" for one in self.typing.ids() or [f"c{at}" for at in self.others])
        sql = "select count(*) from base join cells using (line) where counts and day is not null"
        return int(self.typing.run(f"{sql} and ({some})")[0][0]) if some else 0

    def _other_texts(self) -> list[int]:
        """Columns of names that the definition does not name: text, and no numbers, in rows that have a day."""
        numbers = {at for _, _, at in self.typing.value_columns()} | {self.layout.roles.get("date", -1)}
        found = []
        for at in set(range(len(self.layout.names))) - numbers:
            sql = f"select distinct c{at} from base join cells using (line) where day is not null and c{at} is not null"
            texts = [text for (text,) in self.typing.run(f"{sql} limit 50")]
            if texts and not any(text.startswith(NATIVE) or take_apart(text) for text in texts):
                found.append(at)
        return found

    def _kind_of(self, text: str | None, cells: list[Any], with_ids: int) -> str | None:
        """What a row without a day is; None is a mistake."""
        filled = [cell for cell in cells if cell]
        values = [cells[at] for _, _, at in self.typing.value_columns() if at < len(cells)]
        header = [plain(name) for name in self.layout.names]
        if filled and all(plain(cell) == header[at] for at, cell in enumerate(cells[:-1]) if cell and at < len(header)):
            return "skip:the header again,"
        if filled and filled[0].startswith("#") and len(filled) == 1:
            return "skip:a comment,"
        if text is None and not any(values) and not self.typing.counts_rows():
            return "skip"
        other = dates.read(_SEPARATED.split(text)[0].strip('"')) if text else None
        is_alone = text is None or len(self.layout.names) > 2 or not self.typing.counts_rows()
        if len(filled) <= 1 and is_alone and not any(values) and other is None:
            return "skip:a line that is no row of the table,"
        if any(is_total(spaced(cell)) or (text is None and ends_in_total(spaced(cell))) for cell in filled):
            return "total:a total without a day,"
        if text is None and with_ids >= 2 and self._lacks_ids(cells):
            return "total:a total without a day or name,"
        return None

    def _lacks_ids(self, cells: list[Any]) -> bool:
        ids = self.typing.ids()
        places = [at for role, at in self.layout.roles.items() if role in ids] if ids else self.others
        return not any(cells[at] for at in places)

    def _say_wrong(self, wrong: list[tuple[int, str | None]]) -> None:
        form = self.source.date_format
        if form is None and (todo := _short_years([text for _, text in wrong if text])):
            what = f"column {self._header('date')!r} holds years of two digits"
            self.typing.fault(what, todo, wrong, "date_format")
            return
        shown = date(2026, 9, 30).strftime(form or "%Y-%m-%d")
        other = "the" if form else "give"
        todo = f"dates are read as {shown}; correct it, or {other} date_format"
        self.typing.fault(f"column {self._header('date')!r} holds what is not a date", todo, wrong)

    # -- ranges

    def _check_ends(self) -> None:
        run = self.typing.run
        if "end_date" not in self.layout.roles:
            return
        # a stamp at the next midnight ends the day before
        run(
            "update base set end_day = end_day - 1 where end_day > day"
            r" and regexp_matches(end_date_text, '[T ]00:00(:00)?(\D|$)')"
        )
        found = run(
            "select line, end_date_text from good"
            " where day is not null and (end_day is null or end_day < day) order by line"
        )
        if found:
            self.typing.fault(
                f"column {self._header('end_date')!r} holds no day on or after the start", "correct it", found
            )
        if "end_date" in self.source.may_miss:
            self._refuse_ranges()

    def _refuse_ranges(self) -> None:
        run = self.typing.run
        if self.source.grain in ("week", "month", "quarter"):
            run("update base set end_day = null")
            return
        ids = self.typing.ids()
        named = " or ".join(f"{one} is not null" for one in ids) or "true"
        long = run(f"select line, null from good where end_day > day and ({named}) order by line")
        if long:
            days = run(f"select max(end_day - day) + 1 from base where counts and end_day > day and ({named})")[0][0]
            how = f"export it by day ({self.source.by_day}), or " if self.source.by_day else ""
            what = f"rows cover more than one day (up to {days}, by {self._header('end_date')!r})"
            todo = f"{how}declare `end_date: {self._header('end_date')}` to spread them over their days"
            self.typing.fault(what, todo, [(line, "") for line, _ in long], "end_date")

    def _check_plausible(self) -> None:
        from okr_reports.channels.files.typed import FURTHEST_AHEAD

        run, header = self.typing.run, self.layout.roles.get("date")
        if header is None:
            return
        where = "select line, date_text from good where"
        if found := run(f"{where} year(day) not between 1990 and 2199 order by line"):
            self.typing.fault(f"column {self._header('date')!r} holds what is not a date", "correct the year", found)
        latest = self.typing.today + FURTHEST_AHEAD
        if found := run(f"{where} day > date '{latest}' and year(day) <= 2199 order by line"):
            what = (
                f"column {self._header('date')!r} holds a day that is more than a year after today, {self.typing.today}"
            )
            self.typing.fault(what, "correct it; what is planned for later can wait for a later file", found)

    def _check_range(self) -> None:
        """The report's range in the lines above the header: its days, or the rows are of the whole of it."""
        preamble, run = self.layout.preamble, self.typing.run
        if preamble.summary:
            self.typing.faults.append(Fault("is a summary, not one row a day", f"export it by day{self._by_day()}"))
        if preamble.incomplete:
            self.typing.said.append("the report says that its data may be incomplete")
        ((first, last, days),) = run("select min(day), max(day), count(distinct day) from good")
        if not preamble.first or not preamble.last or first is None or "date" not in self.layout.roles:
            return
        if self.source.grain == "day" and (first < preamble.first or last > preamble.last):
            found = run(
                "select line, date_text from good where (day < $first or day > $last) order by line",
                {"first": preamble.first, "last": preamble.last},
            )
            what = f"days outside the report's own range, {preamble.first} to {preamble.last}"
            self.typing.fault(what, "correct date_format, or export it again", found)
        only_start = (
            days == 1 and first == preamble.first and preamble.days > 1 and not self.layout.roles.get("end_date")
        )
        if only_start and self.source.grain == "day" and _START.search(self._header("date")):
            what = f"every row carries the first day of a report of {preamble.days} days, so it is of all of them"
            self.typing.faults.append(Fault(what, f"export it by day{self._by_day()}"))
        elif self.source.grain == "day":
            missing = [str(day) for day in (preamble.first, preamble.last) if not first <= day <= last]
            if missing:
                self.typing.said.append(f"no row of {' and '.join(missing)}, though the report covers it")

    def _by_day(self) -> str:
        return f" ({self.source.by_day})" if self.source.by_day else ""

    def check_second_date(self) -> None:
        """A second column of days that ends the row's range, where the definition takes the row for one day."""
        if self.source.grain != "day" or "end_date" in self.layout.roles or (self.source.day and self._has_day()):
            return
        if self.source.pivot is not None or self.source.wide or "date" not in self.layout.roles:
            return
        for at, name in enumerate(self.layout.names):
            if at in self.layout.wanted or not RANGE_END.fullmatch(plain(name)):
                continue
            lines = self._longer(at)
            if lines:
                what = f"column {spaced(name)!r} says that rows cover more than one day"
                self.typing.fault(
                    what, f"declare `end_date: {spaced(name)}`, or export it by day{self._by_day()}", lines, "end_date"
                )
                return

    def _has_day(self) -> bool:
        from okr_reports.channels.files.layout import place

        return place(self.layout.names, self.source.day) == self.layout.roles.get("date")

    def _longer(self, at: int) -> list[tuple[Any, ...]]:
        """Rows whose other date is later, unless the ranges of one campaign overlap: then it is when something ends."""
        rows = self.typing.run(
            f"select line, day, cell(c{at}), concat_ws('|', account_id, campaign_id, campaign_name) from good "
            "join cells using (line) where day is not null order by day, line limit 20000"
        )
        texts = {text: dates.read(str(text).lstrip(NATIVE)) for _, _, text, _ in rows if text}
        known = {text: one for text, one in texts.items() if one is not None}
        order = dates.orders(known.values())
        longer: list[tuple[Any, ...]] = []
        until: dict[str, tuple[date, date]] = {}
        for line, day, text, campaign in rows:
            one = known.get(text)
            end = one.on(True in order and False not in order) if one else None
            if end is None or end <= day or (one and one.at and (end - day).days == 1 and one.at.hour == 0):
                continue
            before = until.get(campaign)
            if before is not None and before[0] < day <= before[1]:
                return []
            until[campaign] = (day, end)
            longer.append((line, text))
        return longer


def _short_years(texts: list[str]) -> str:
    """What to declare of days such as 9/30/26, "" if they are none. Only the month first can be proved: 30/9/26 may be
    of 2030."""
    found = [one for one in map(_SHORT_YEAR.fullmatch, texts) if one]
    if not found or len(found) < len(texts):
        return ""
    mark = found[0][2]
    forms = [f'"%m{mark}%d{mark}%y"']
    if not any(int(one[3]) > 12 for one in found):
        forms.insert(0, f'"%d{mark}%m{mark}%y"')
    return f"declare `date_format: {forms[0]}`" + "".join(f" or {form}" for form in forms[1:])
