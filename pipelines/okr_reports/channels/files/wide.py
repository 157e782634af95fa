"""Wide tables, one column a period, turned into one row a period before anything else is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import duckdb

from okr_reports.channels.files.faults import listed, refused
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.measure_words import are_measures
from okr_reports.channels.files.names import METRIC, TOTAL, is_total, spaced
from okr_reports.channels.files.names import plain as plain_name
from okr_reports.common.sql_text import quoted_text
from okr_reports.file_sources import FileSource, Pivot

# Columns that turning adds to those of the file.
ADDED = PERIOD, VALUE, LABEL = "(period)", "(value)", "(measure)"
# Rows of one line stay apart: a line's number times this, plus the column.
LINE_FACTOR = 10_000


def turn(connection: duckdb.DuckDBPyConnection, grid: Grid, source: FileSource) -> FileSource:
    """Replace `cells` by its long form and correct the grid's layout; the source that reads the long form."""
    layout = grid.layout
    names = layout.names
    totals = [at for at, name in enumerate(names) if at not in layout.periods and is_total(spaced(name.lstrip("\x01")))]
    plain = [at for at in range(len(names)) if at not in layout.periods and at not in totals]
    if totals:
        grid.said.append(f"columns not read: {listed(spaced(names[at]) for at in totals)} (a total)")
    known = {*layout.periods, *totals, *layout.wanted}
    if left := [spaced(names[at]) for at in range(min(layout.periods), len(names)) if names[at] and at not in known]:
        why = "no measure is made of them" if layout.labels else f"no {source.grain}"
        grid.said.append(f"columns not read: {listed(left)} ({why})")
    free = [at for at in plain if at not in (layout.conditions.values() if source.preset else layout.wanted)]
    unsaid = [at for at in free if METRIC.fullmatch(plain_name(names[at])) or are_measures(_texts(connection, at))]
    if unsaid and source.pivot is None:
        name = spaced(names[unsaid[0]]) or f"column {unsaid[0] + 1}"
        what = f"column {name!r} says what each row measures, and rows of several measures would be added up"
        raise refused(what, f"declare `pivot: {{name: {name}}}` with its measures, or keep one of them by `rows`")
    if source.grain == "week":
        at, day = min(layout.periods.items())
        grid.said.append(
            f"a week begins on the day of its header, else on the Monday of ISO 8601: {spaced(names[at])!r} is {day} to"
            f" {day + timedelta(days=6)}"
        )
    label = " or ".join(f"regexp_full_match(coalesce(c{at}, ''), '(?i){TOTAL}')" for at in plain) or "false"
    ids = [f"c{at}" for at in layout.roles.values()]
    nameless = " and ".join(f"{column} is null" for column in ids) or "false"
    if nameless != "false":
        _refuse_groups(
            connection, grid, [at for at in plain if at not in layout.wanted], f"({nameless}) and not ({label})"
        )
    lost = connection.execute(f"select line from cells where ({label}) or ({nameless}) order by line").fetchall()
    if lost:
        grid.said.append(f"a total without a day, not read: {listed((grid.place(line) for (line,) in lost), 5)}")
    columns = ", ".join(f"c{at}" for at in range(len(names)))
    each = " union all ".join(
        f"select line * {LINE_FACTOR} + {at} as line, {columns}, chr(1) || '{day}' as c{len(names)}, "
        f"c{at} as c{len(names) + 1}, {_text(layout.labels.get(at))} as c{len(names) + 2}, null as extra, filled,"
        " false as short from cells "
        f"where c{at} is not null and not ({label}) and not ({nameless})"
        for at, day in layout.periods.items()
    )
    connection.execute(f"create or replace table cells as select * from ({each}) order by line")
    totals_kept: Literal["keep", "skip"] = "keep" if source.totals == "keep" else "skip"
    layout.names = [*names, PERIOD, VALUE, LABEL]
    layout.roles["date"] = len(names)
    layout.periods = {}
    grid.factor = LINE_FACTOR
    if layout.labels:
        layout.roles["pivot.name"] = len(names) + 2
    if source.pivot is not None or layout.labels:
        layout.roles["pivot.value"] = len(names) + 1
        pivot = Pivot(source.pivot.name if source.pivot else LABEL, VALUE)
        return replace(source, pivot=pivot, totals=totals_kept, wide=None, date_format=None)
    (name, measure), *_ = source.measures.items()
    layout.measures = {name: len(names) + 1}
    return replace(
        source, measures={name: replace(measure, column=VALUE)}, totals=totals_kept, wide=None, date_format=None
    )


def _texts(connection: duckdb.DuckDBPyConnection, at: int) -> list[str]:
    sql = f"select distinct c{at} from cells where c{at} is not null and not starts_with(c{at}, chr(1)) limit 100"
    return [text for (text,) in connection.execute(sql).fetchall()]


def _text(text: str | None) -> str:
    return "cast(null as varchar)" if text is None else quoted_text(text)


def _refuse_groups(connection: duckdb.DuckDBPyConnection, grid: Grid, others: list[int], nameless: str) -> None:
    """Rows below the one that names their group are no totals. Raises Refused."""
    number = r"regexp_full_match(ltrim(c{0}, chr(1)), '[-+0-9.,% €$£]*')"
    texts = " or ".join(f"(c{at} is not null and not {number.format(at)})" for at in others)
    filled = " or ".join(f"c{at} is not null" for at in grid.layout.periods)
    if not texts:
        return
    sql = f"select line from cells where {nameless} and ({texts}) and ({filled}) order by line limit 1"
    if found := connection.execute(sql).fetchone():
        names = listed((repr(spaced(grid.layout.names[at])) for at in sorted(grid.layout.roles.values())), 3)
        what = f"{grid.place(found[0])}: column {names} is empty, as if it were written once for a group of rows"
        raise refused(what, "fill it down, or name the column that each row has as `campaign_name`")
