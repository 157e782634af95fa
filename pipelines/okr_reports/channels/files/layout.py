"""Where the table of a file begins and which of its columns are meant: the first row that holds all that is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from okr_reports.channels.files.faults import NoTable, Refused, listed, refused
from okr_reports.channels.files.header_rows import Across, across, beside
from okr_reports.channels.files.names import is_converted, plain, spaced
from okr_reports.channels.files.preamble import Preamble
from okr_reports.channels.files.rows import Fault
from okr_reports.errors import did_you_mean, quoted
from okr_reports.file_sources import Column, FileSource

# A header further down is nobody's export; `header:` names it.
HEADER_WITHIN = 50
Record = tuple[int, int, list[str]]  # its first line, its last line, its cells


@dataclass
class Layout:
    """The header and what it is for. `roles` maps date, end_date, as_of, account_id, campaign_id, campaign_name,
    campaign_group_name, currency_column, pivot.name, pivot.value to columns; `measures`, `minus`, `times` measures to
    columns; `conditions` names of conditions' columns; `periods` columns of a wide table to their days, `labels` to
    what a second row of headers says of them, as the measures name it; `is_converted` says that amounts are in the
    currency of the vendor's account, whatever the rows' codes say."""

    line: int
    last_line: int
    names: list[str]
    roles: dict[str, int] = field(default_factory=dict)
    measures: dict[str, int] = field(default_factory=dict)
    minus: dict[str, int] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    conditions: dict[str, int] = field(default_factory=dict)
    keys: list[int | str] = field(default_factory=list)
    periods: dict[int, date] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    missing: list[Column] = field(default_factory=list)
    found: int = 0
    is_converted: bool = False
    preamble: Preamble = field(default_factory=Preamble)

    @property
    def wanted(self) -> set[int]:
        """The columns that something is read from."""
        every = [self.roles, self.measures, self.minus, self.times, self.conditions]
        keys = {key for key in self.keys if isinstance(key, int)}
        return {at for columns in every for at in columns.values()} | keys | set(self.periods)

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of the columns that nothing is read from."""
        return tuple(spaced(name) for at, name in enumerate(self.names) if name and at not in self.wanted)

    @property
    def day_is_given(self) -> bool:
        """Whether each row says its day, or the header does."""
        return "date" in self.roles or bool(self.periods)


def alternatives(column: Column) -> tuple[str, ...]:
    return (column,) if isinstance(column, str) else tuple(column)


class Twice(Exception):
    """A column that is named is there twice."""

    def __init__(self, name: str) -> None:
        self.name = name


def place(names: Sequence[str], column: Column) -> int | None:
    """Where a column is: its name as written first, then without case, zone and currency. Raises Twice."""
    # a column without a name is known by its place
    names = [name or f"column {at}" for at, name in enumerate(names, start=1)]
    written = [spaced(name) for name in names]
    for wanted in alternatives(column):
        for these, name in ((written, spaced(wanted)), ([plain(header) for header in names], plain(wanted))):
            if these.count(name) > 1:
                raise Twice(wanted)
            if name in these:
                return these.index(name)
    return None


def read_header(record: Record, source: FileSource, wide: Across | None = None) -> Layout:
    """What this record would be as a header; `missing` are the columns that are named and not there.

    `wide` is what a wide table's headers say, where another row or the lines above say some of it.
    """
    layout = Layout(record[0], record[1], record[2])
    if source.wide:
        _place_periods(layout, source, across(record, source.wide, source.grain) if wide is None else wide)
    else:
        _place_days(layout, source)
    for role in ("account_id", "campaign_id", "campaign_name", "campaign_group_name", "currency_column"):
        _take(layout, layout.roles, role, getattr(source, role), role not in source.may_miss)
    if source.as_of and not isinstance(source.as_of, date):
        _take(layout, layout.roles, "as_of", source.as_of)
    if source.pivot is not None:
        _take(layout, layout.roles, "pivot.name", source.pivot.name)
        _take(layout, layout.roles, "pivot.value", source.pivot.value)
    elif not source.wide:
        for name, measure in source.measures.items():
            _take(layout, layout.measures, name, measure.column, not measure.optional)
            _take(layout, layout.minus, name, measure.minus, not measure.optional)
            _take(layout, layout.times, name, measure.times, not measure.optional)
    conditions = [*source.rows, *(condition for measure in source.measures.values() for condition in measure.rows)]
    for condition in conditions:
        _take(layout, layout.conditions, alternatives(condition.column)[0], condition.column)
    _release_currency(layout)
    _place_keys(layout, source)
    layout.found = len(layout.wanted)
    return layout


def _release_currency(layout: Layout) -> None:
    """A column of codes is of the amounts as they were agreed, and not of those that the vendor converted."""
    at = layout.roles.get("currency_column")
    layout.is_converted = any(is_converted(layout.names[place]) for place in layout.measures.values())
    if at is not None and layout.is_converted and not is_converted(layout.names[at]):
        del layout.roles["currency_column"]


def _take(layout: Layout, into: dict[str, int], key: str, column: Column, required: bool = True) -> None:
    if not column:
        return
    at = place(layout.names, column)
    if at is not None:
        into[key] = at
    elif required:
        layout.missing.append(column)


def _place_days(layout: Layout, source: FileSource) -> None:
    day = place(layout.names, source.day) if source.day else None
    if day is not None:
        layout.roles["date"] = day
        return
    _take(layout, layout.roles, "date", source.date)
    _take(layout, layout.roles, "end_date", source.end_date, "end_date" not in source.may_miss)


def _place_periods(layout: Layout, source: FileSource, wide: Across) -> None:
    columns = {} if source.pivot else {name: measure.column for name, measure in source.measures.items()}
    if wide.labels and not source.pivot:
        wanted = {plain(text): text for column in columns.values() for text in alternatives(column)}
        layout.labels = {at: wanted[plain(label)] for at, label in wide.labels.items() if plain(label) in wanted}
        layout.missing += [
            column for column in columns.values() if not set(alternatives(column)) & set(layout.labels.values())
        ]
    elif len(columns) > 1:
        layout.missing += columns.values()
    layout.periods = {at: day for at, day in wide.days.items() if at in layout.labels or not wide.labels}
    places = [(layout.labels.get(at), day) for at, day in layout.periods.items()]
    if twice := [at for at, held in zip(layout.periods, places, strict=True) if places.count(held) > 1]:
        raise Twice(spaced(layout.names[twice[0]]).lstrip("\x01"))


def _place_keys(layout: Layout, source: FileSource) -> None:
    roles = {"date", "account_id", "campaign_id", "campaign_name", "campaign_group_name"}
    for name in source.key:
        declared = {spaced(name) for name in alternatives(source.date)}
        if name in roles and (name in layout.roles or name == "date"):
            layout.keys.append(name)
        elif name == "currency" and "currency_column" in layout.roles:
            layout.keys.append(layout.roles["currency_column"])
        elif spaced(name) in declared:
            layout.keys.append("date")
        else:
            at = place(layout.names, name)
            if at is None:
                layout.missing.append(name)
            else:
                layout.keys.append(at)


def find_header(records: Sequence[Record], source: FileSource, title: str = "") -> Layout:
    """The layout of a table that begins with these records, of a sheet named `title`. Raises Refused."""
    if not any(any(cells) for _, _, cells in records):
        raise NoTable(refused("is empty", "export it again, with its header row").faults)
    best: Layout | None = None
    twice: str | None = None
    trouble: Fault | None = None
    for at, record in _candidates(records, source):
        for header, wide in _headers(records, at, record, source, title):
            try:
                if wide is not None and wide.trouble is not None and len(wide.there) > 1:
                    trouble = trouble or wide.trouble
                    continue
                layout = read_header(header, source, wide)
            except Twice as error:
                twice = twice or error.name
                continue
            if not layout.found and best is not None:
                continue
            layout.preamble = Preamble.of(records[:at])
            if _fits(layout, source):
                return layout
            if best is None or layout.found > best.found:
                best = layout
    if trouble is not None:
        raise Refused([trouble])
    if twice is not None and (best is None or best.found < 2):
        raise refused(f"has two columns named {twice!r}", "rename one of them")
    if best is None:
        best = read_header(records[0], source, Across())
    return _without_day(best, source)


def _candidates(records: Sequence[Record], source: FileSource) -> Iterator[tuple[int, Record]]:
    if source.header is not None:
        for at, record in enumerate(records):
            if record[0] <= source.header <= record[1]:
                yield at, record
                return
        raise refused(f"has no row {source.header}", "correct `header`, which counts the rows of the file from 1")
    filled = [(at, record) for at, record in enumerate(records) if any(record[2])]
    yield from filled[:HEADER_WITHIN]


def _headers(
    records: Sequence[Record], at: int, record: Record, source: FileSource, title: str
) -> Iterator[tuple[Record, Across | None]]:
    """This record as a header, before it with the next as a second row of headers where they are two."""
    below = records[at + 1] if at + 1 < len(records) else None
    if not source.wide:
        yield record, None
        if below is not None and (joined := beside(record, below)):
            yield joined, None
        return
    titles = [title, *(cell for _, _, cells in records[:at] for cell in cells if cell)]
    if below is not None:
        both = across(record, source.wide, source.grain, titles, below)
        if both.line is not None:
            yield both.line, both
    yield record, across(record, source.wide, source.grain, titles)


def _fits(layout: Layout, source: FileSource) -> bool:
    if layout.missing or not layout.day_is_given:
        return False
    if source.pivot is not None or source.wide:
        return True
    return any(measure.count == "rows" or name in layout.measures for name, measure in source.measures.items())


def _without_day(best: Layout, source: FileSource) -> Layout:
    """A report of one day alone needs no column of days; else what is missing is said. Raises Refused."""
    days = alternatives(source.day) + alternatives(source.date)
    missing = [column for column in best.missing if column != source.date]
    one_day = best.preamble.first is not None and best.preamble.first == best.preamble.last
    if source.preset and not best.day_is_given and best.measures and not missing:
        if one_day:
            best.missing = []
            return best
        span = f" for a report of {best.preamble.days} days" if best.preamble.days else ""
        todo = f"export it by day ({source.by_day})" if source.by_day else "export it with a column of days"
        raise refused(f"has no column of days ({listed(days, 4)}){span}", todo)
    if source.preset and not best.missing:
        measures = [alternatives(measure.column)[0] for measure in source.measures.values() if measure.column]
        raise refused(
            f"has no column of a measure ({listed(measures, 6)})", "choose another preset, or name the columns"
        )
    if source.wide and not best.periods:
        raise refused(f"has no column whose header is a date as {source.wide!r}", f"correct `wide`. {_has(best)}")
    wrong = best.missing[0]
    names = [spaced(name) for name in best.names if name]
    shown = " or ".join(repr(name) for name in alternatives(wrong))
    hint = did_you_mean(alternatives(wrong)[0], names, _has(best), lambda name: quoted(repr(name)))
    kind = Refused if best.found else NoTable
    raise kind(refused(f"has no column {shown}", f"{hint} Correct the file or the definition").faults)


def _has(layout: Layout) -> str:
    # Without a header the first row is taken for one, and its cells are people's data.
    return f"it has {quoted(listed([spaced(name) for name in layout.names if name])) or 'no columns'}."
