"""Whether a table's rows are of single days: second columns of days, and the range that the report itself names."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from okr_reports.channels.files import dates
from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.names import TOTAL, is_range_end, spaced
from okr_reports.channels.files.rows import Fault

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing

_START = re.compile(r"start|inicio|beginn|début|begin|inizio", re.IGNORECASE)


class DayRanges:
    """Looks at the days of `base`, and corrects `end_day` where a stamp at midnight ends the day before."""

    def __init__(self, typing: Typing) -> None:
        self.typing, self.source, self.layout = typing, typing.source, typing.layout

    def check(self) -> None:
        self._check_ends()
        self._check_plausible()
        self._check_range()

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
                f"column {self.typing.header('end_date')!r} holds no day on or after the start", "correct it", found
            )
        if "end_date" in self.source.may_miss:
            self._refuse_ranges()

    def _refuse_ranges(self) -> None:
        run = self.typing.run
        if self.source.grain in ("week", "month", "quarter"):
            run("update base set end_day = null")
            return
        ids = self.typing.ids()
        label = f"regexp_full_match({{}}, '(?i){TOTAL}')"
        named = " or ".join(f"({column} is not null and not {label.format(column)})" for column in ids) or "true"
        long = run(f"select line, null from good where end_day > day and ({named}) order by line")
        if long:
            days = run(f"select max(end_day - day) + 1 from base where counts and end_day > day and ({named})")[0][0]
            how = f"export it by day ({self.source.by_day}), or " if self.source.by_day else ""
            what = f"rows cover more than one day (up to {days}, by {self.typing.header('end_date')!r})"
            todo = f"{how}declare `end_date: {self.typing.header('end_date')}` to spread them over their days"
            self.typing.fault(what, todo, [(line, "") for line, _ in long], "end_date")

    def _check_plausible(self) -> None:
        from okr_reports.channels.files.typed import FURTHEST_AHEAD

        run = self.typing.run
        if "date" not in self.layout.roles:
            return
        where, named = "select line, date_text from good where", self.typing.header("date")
        if found := run(f"{where} year(day) not between 1990 and 2199 order by line"):
            self.typing.fault(
                f"column {self.typing.header('date')!r} holds what is not a date", "correct the year", found
            )
        latest = self.typing.today + FURTHEST_AHEAD
        if found := run(f"{where} day > date '{latest}' and year(day) <= 2199 order by line"):
            what = f"column {named!r} holds a day that is more than a year after today, {self.typing.today}"
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
        if only_start and self.source.grain == "day" and _START.search(self.typing.header("date")):
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
            if at in self.layout.wanted or not is_range_end(name):
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
        known = {text: written for text, written in texts.items() if written is not None}
        order = dates.orders(known.values())
        longer: list[tuple[Any, ...]] = []
        until: dict[str, tuple[date, date]] = {}
        for line, day, text, campaign in rows:
            written = known.get(text)
            end = written.on(True in order and False not in order) if written else None
            if end is None or end <= day or (written and written.at and (end - day).days == 1 and written.at.hour == 0):
                continue
            before = until.get(campaign)
            if before is not None and before[0] < day <= before[1]:
                return []
            until[campaign] = (day, end)
            longer.append((line, text))
        return longer
