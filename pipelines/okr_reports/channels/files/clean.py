"""The quick way for files without anything odd: all of one shape are read by DuckDB at once into typed rows.

A file is odd if any row has no plain day, no plain number or no name, looks like a total with a day, repeats a key or
has a doubtful currency. It is then read with all care (typed.py), which judges and says; all that is decided here is
that nothing is odd. What most exports have is not odd: lines above the header, marks between thousands, and totals
without a day (plain_totals.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.money import currency_columns, currency_of_amounts
from okr_reports.channels.files.names import (
    COUNTS,
    NULL_MARKS,
    SHORTENED,
    TOTAL_BEGINS,
    is_range_end,
    is_total,
    is_utc,
    trimmed,
)
from okr_reports.channels.files.number_cells import EXACT, scale_literal
from okr_reports.channels.files.plain import PlainFile, relation
from okr_reports.channels.files.plain_totals import leave_totals_out
from okr_reports.channels.files.preamble import Preamble
from okr_reports.channels.files.rows import ROW_COLUMNS, VALUE, SourceRows
from okr_reports.channels.files.typed import FURTHEST_AHEAD
from okr_reports.common.sql_text import quoted_text
from okr_reports.file_sources import FileSource

_IDS = ("account_id", "campaign_id", "campaign_name", "campaign_group_name")
# 1.234: a thousand and more, or one and a bit
# DuckDB 1.5 makes a column of numbers of a null without a type.
NO_TEXT = "cast(null as varchar)"
_CODE = re.compile(r"[A-Z]{3}")
_EITHER = r"[+-]?[1-9]\d{0,2}\.\d{3}"
# Rows wider than this are not looked at cell by cell.
_MOST_COLUMNS = 200
_GROUPED = r"-?[1-9][0-9]{{0,2}}(\{group}[0-9]{{3}})+(\{mark}[0-9]+)?"


@dataclass
class Clean:
    """What was read this way: by file its rows, first and last day; the currency of files of one shape."""

    facts: dict[str, tuple[int, date | None, date | None]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)


def may_be_plain(source: FileSource, grid: Grid) -> bool:
    """Whether the declaration and the header leave nothing to judge."""
    layout, roles = grid.layout, grid.layout.roles
    measures = source.measures.values()
    if source.rows or source.pivot or source.wide or source.timezone or source.null_values or source.group is not None:
        return False
    if source.as_of or source.end_date or {"z", "Z", "U"} & set(source.date_format or ""):
        return False
    if source.totals == "keep" and not grid.relation:
        return False
    if any(measure.rows or measure.minus or measure.times or measure.count == "column" for measure in measures):
        return False
    if "date" not in roles or is_utc(layout.names[roles["date"]]) or grid.skipped or not _is_plain(layout.preamble):
        return False
    others = [name for at, name in enumerate(layout.names) if at not in layout.wanted]
    return not any(map(is_range_end, others)) and not currency_columns(source, layout)


def _is_plain(preamble: Preamble) -> bool:
    """Whether the lines above the header leave nothing to judge but whether the rows are of the range they name."""
    return not (preamble.summary or preamble.incomplete or preamble.either)


def read_clean(
    source: FileSource, rows: SourceRows, files: Sequence[PlainFile], today: date, reporting: str | None
) -> Clean:
    """Put what is plain into `rows`; the files that are in the result are read, the others are not."""
    clean = Clean()
    shapes: dict[tuple[Any, ...], list[PlainFile]] = {}
    for file in files:
        shapes.setdefault(file.shape, []).append(file)
    for group in shapes.values():
        money = currency_of_amounts(source, group[0].grid.layout, reporting, [])
        if money.faults or group[0].mark == "?":
            continue
        for part in _parts(source, rows.connection, group, money.code):
            plain_ones = _plain_ones(source, rows.connection, part, today)
            plain_ones, totals = leave_totals_out(source, rows.connection, plain_ones)
            _keep(rows, plain_ones, clean)
            clean.said.update({name: [*totals.get(name, ()), *money.said] for name in plain_ones})
        rows.currencies.update(money.measures)
    return clean


def _parts(
    source: FileSource, connection: duckdb.DuckDBPyConnection, files: Sequence[PlainFile], code: str | None
) -> Iterator[Sequence[PlainFile]]:
    """Table `part` of as many of these files at once as can be read together; one that breaks is left out."""
    try:
        connection.execute(
            _sql(source, files, code, relation(connection, files)),
            {"paths": [str(file.path) for file in files], "names": [file.name for file in files]},
        )
    except duckdb.Error:
        half = len(files) // 2
        if half:
            yield from _parts(source, connection, files[:half], code)
            yield from _parts(source, connection, files[half:], code)
        return
    yield files


def _sql(source: FileSource, files: Sequence[PlainFile], code: str | None, read: str) -> str:
    layout, typed, grid = files[0].grid.layout, files[0].typed, files[0].grid
    groups = files[0].mark if files[0].kind == "text" else ""
    ids = {
        role: f"nullif(trim(cast(f{layout.roles[role]} as varchar)), '')" if role in layout.roles else NO_TEXT
        for role in _IDS
    }
    day = f"f{layout.roles['date']}" if typed.get(layout.roles["date"]) == "day" else _day(source, layout.roles["date"])
    at = layout.roles.get("currency_column")
    money = f"'{code}'" if code else f"upper(trim(f{at}))" if at is not None else NO_TEXT
    odd, values = [f"({day}) is null"], []
    for number, (name, measure) in enumerate(source.measures.items()):
        place = layout.measures.get(name)
        value = "1" if measure.count == "rows" else "null"
        if place is not None:
            value = _value(f"f{place}", measure.scale, files[0].mark, groups)
        values.append(f"cast({value} as {VALUE}) as v{number}")
        if measure.count is None and place is not None:
            wrong = f"f{place} is not null and {value} is null"
            odd.append(wrong if typed.get(place) == "number" else _odd_number(f"f{place}", value, files[0].mark))
            if name in COUNTS and measure.scale == 1:
                whole = (
                    f"f{place} % 1 = 0"
                    if typed.get(place) == "number"
                    else f"not contains(f{place}, '{files[0].mark or '.'}')"
                )
                odd.append(f"not coalesce({whole}, true)")
    named = [role for role in _IDS[1:] if role in layout.roles] or [role for role in _IDS[:1] if role in layout.roles]
    if named:
        odd.append(" and ".join(f"{ids[role]} is null" for role in named))
    else:
        texts = [other for other in range(len(layout.names)) if other not in layout.wanted]
        odd += [f"coalesce(lower(left(cast(f{other} as varchar), 3)) in ({TOTAL_BEGINS}), false)" for other in texts]
        odd += [" and ".join(f"coalesce(cast(f{other} as varchar), '') = ''" for other in texts)] if texts else []
    keys = "".join(f", f{key} as k{number}" for number, key in enumerate(layout.keys) if isinstance(key, int))
    width = len(layout.names) if len(layout.names) <= _MOST_COLUMNS else 0
    cells = ", ".join(f"cast(f{at} as varchar)" for at in range(width))
    is_odd = " or ".join(f"({condition})" for condition in odd)
    found = {
        "source_file": "$names[list_position($paths, filename)]",
        "sheet": quoted_text(grid.sheet),
        "line": "line" if files[0].kind == "record" else f"row_number() over () + {layout.last_line}",
        "date": day,
        "end_date": day,
        "as_of": "cast(null as date)",
        "account_id": f"coalesce({ids['account_id']}, '')",
        "campaign_id": f"coalesce({ids['campaign_id']}, {ids['campaign_name']}, '')",
        "campaign_name": ids["campaign_name"],
        "campaign_group_name": ids["campaign_group_name"],
        "currency": money,
    }
    columns = ", ".join(f"{found[name]} as {name}" for name in ROW_COLUMNS)
    return (
        f"create or replace table part as select {columns}, {', '.join(values)}{keys}, {is_odd} as odd,"
        f" if({is_odd}, cast([{cells}] as varchar[]), null) as cells from {read}"
    )


def _day(source: FileSource, at: int) -> str:
    if source.date_format is not None:
        form = source.date_format.replace("'", "''")
        return f"cast(try_strptime(trim(f{at}), '{form}') as date)"
    return f"if(length(f{at}) = 10, try_cast(f{at} as date), null)"


def _value(column: str, scale: Any, mark: str, groups: str) -> str:
    """`groups` is the decimal mark beside which the other one may part thousands, "" where none may."""
    text = column
    if groups:
        group = "," if groups == "." else "."
        form = quoted_text(_GROUPED.format(group=group, mark=groups))
        whole = f"if(regexp_full_match({column}, {form}), replace({column}, '{group}', ''), null)"
        text = f"if(contains({column}, '{group}'), {whole}, {column})"
    text = f"replace({text}, ',', '.')" if mark == "," else text
    if scale == 1:
        return f"try_cast({text} as {VALUE})"
    return f"try_cast(try(try_cast({text} as {EXACT}) * {scale_literal(scale)}) as {VALUE})"


def _odd_number(column: str, value: str, mark: str) -> str:
    wrong = f"({column} is not null and {value} is null) or coalesce(contains({column}, '_'), false)"
    if mark == "":
        either = f"regexp_full_match(trim({column}), '{_EITHER}')"
        return f"{wrong} or case when contains({column}, '.') then {either} else false end"
    return wrong


def _plain_ones(
    source: FileSource, connection: duckdb.DuckDBPyConnection, files: Sequence[PlainFile], today: date
) -> dict[str, PlainFile]:
    """Those of `part` without anything odd but perhaps totals, by name."""
    run = connection.execute
    odd = _with_odd_texts(connection, "currency_column" in files[0].grid.layout.roles)
    latest = today + FURTHEST_AHEAD
    files_by_name = {file.name: file for file in files}
    days = "select source_file, min(date), max(date) from part where not odd group by 1"
    odd |= {
        name
        for name, first, last in run(days).fetchall()
        if first is not None
        and (first.year < 1990 or last > latest or not _covers(files_by_name[name].grid.layout.preamble, first, last))
    }
    layout = files[0].grid.layout
    if source.key:
        keys = ", ".join(key if isinstance(key, str) else f"k{at}" for at, key in enumerate(layout.keys))
        twice = f"select distinct source_file from part where not odd group by source_file, {keys} having count(*) > 1"
        odd |= {name for (name,) in run(twice).fetchall()}
    if files[0].kind == "record" and not any(measure.count for measure in source.measures.values()):
        # rows of one campaign and day are said, with what parts them
        of_one = "date, account_id, campaign_id, campaign_name, currency"
        shared = f"select source_file from part where not odd group by source_file, {of_one} having count(*) > 1"
        odd |= {name for (name,) in run(f"{shared} limit 1").fetchall()}
    return {name: file for name, file in files_by_name.items() if name not in odd}


def _covers(preamble: Preamble, first: date, last: date) -> bool:
    """Whether rows of these days are of the whole range that the report names, if it names any."""
    return not (preamble.first and preamble.last) or (first, last) == (preamble.first, preamble.last)


def _with_odd_texts(connection: duckdb.DuckDBPyConnection, has_codes: bool) -> set[str]:
    """Files in which a name is a total's label or a mark for nothing, or a currency is none or mixed."""
    odd: set[str] = set()
    for column in ("campaign_id", "campaign_name", "campaign_group_name", "account_id"):
        names = connection.execute(f"select distinct {column} from part where {column} <> '' and not odd").fetchall()
        texts = [text for (text,) in names]
        wrong = [text for text in texts if _is_odd(text)]
        if wrong:
            found = connection.execute(
                f"select distinct source_file from part where list_contains(?, {column}) and not odd", [wrong]
            )
            odd |= {name for (name,) in found.fetchall()}
    codes = connection.execute("select distinct source_file, currency from part where not odd").fetchall()
    by_file: dict[str, set[str | None]] = {}
    for name, code in codes:
        by_file.setdefault(name, set()).add(code)
    for name, held in by_file.items():
        if len(held) > 1 or not all(_CODE.fullmatch(code) if code else not has_codes for code in held):
            odd.add(name)
    return odd


def _is_odd(text: str) -> bool:
    marked = text[:1] == "[" or "\n" in text or "\r" in text or trimmed(text) != text
    return marked or text.casefold() in NULL_MARKS or is_total(text) or SHORTENED.fullmatch(text) is not None


def _keep(rows: SourceRows, files: dict[str, PlainFile], clean: Clean) -> None:
    """Move the rows of these files from `part` to `rows`, with the lines that the files have."""
    run = rows.connection.execute
    some = " or ".join(f"v{at} is not null" for at in range(len(rows.measures)))
    counts = f"not odd and ({some})"
    found = run(
        f"select source_file, min(line), count(*), count(*) filter (where {counts}),"
        f" min(date) filter (where {counts}), max(date) filter (where {counts}) from part group by 1"
    ).fetchall()
    kept = {name: facts for name, *facts in found if name in files}
    for name in files:
        clean.facts[name] = tuple(kept[name][2:]) if name in kept else (0, None, None)
    values = "".join(f", v{at}" for at in range(len(rows.measures)))
    [(others,)] = run("select count(*) from rows").fetchall()
    if len(found) == 1 == len(kept) and not others and found[0][2] == found[0][3]:
        # many rows are not written a second time
        for name, *_ in run("describe part").fetchall():
            if name not in ROW_COLUMNS and name not in values.split(", "):
                run(f"alter table part drop column {name}")
        run("drop table rows")
        run("alter table part rename to rows")
        return
    run("create or replace temp table begun (source_file varchar, first bigint)")
    run(
        "insert into begun select unnest($names), unnest($firsts)",
        {"names": list(kept), "firsts": [facts[0] for facts in kept.values()]},
    )
    last_line = next((file.grid.layout.last_line for file in files.values()), 0)
    # records have theirs
    line = f"line - first + {last_line + 1}" if not any(file.kind == "record" for file in files.values()) else "line"
    columns = ", ".join(line if name == "line" else name for name in ROW_COLUMNS)
    run(f"insert into rows select {columns}{values} from part join begun using (source_file) where {counts}")
    run("drop table part")
