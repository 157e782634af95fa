"""Rows without a day in files that are else plain: totals, which are left out; any other makes the file odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import duckdb

from okr_reports.channels.files import amounts
from okr_reports.channels.files.grid import count_lines
from okr_reports.channels.files.names import NULL_MARKS, is_total, spaced, trimmed
from okr_reports.channels.files.odd_rows import UNDATED_TOTAL, not_read
from okr_reports.channels.files.plain import PlainFile
from okr_reports.channels.files.totals import ROUNDING, compared
from okr_reports.file_sources import FileSource

# More rows than these are no footer.
_MOST = 20
Numbers = dict[int, Decimal]


def leave_totals_out(
    source: FileSource, connection: duckdb.DuckDBPyConnection, files: Mapping[str, PlainFile]
) -> tuple[dict[str, PlainFile], dict[str, list[str]]]:
    """Those of these files whose odd rows in table `part` are totals without a day, and what to say of them.

    Of lines above the header and of totals the place is said, so that each line of such a file has to be a row.
    """
    run = connection.execute
    counted = run(
        "select source_file, min(line), count(*), count(*) filter (where odd) from part group by 1"
    ).fetchall()
    found = {name: numbers for name, *numbers in counted}
    plain = dict(files)
    for name, file in files.items():
        last_line, (_, rows, odd) = file.grid.layout.last_line, found.get(name, (0, 0, 0))
        asks = file.kind == "text" and (odd or not rows or last_line > 1)
        may_hold = file.kind == "text" and odd <= _MOST and _may_have_totals(source)
        if (odd and not may_hold) or (asks and rows != count_lines(file.path) - last_line):
            del plain[name]
    odd_rows = "select source_file, line, cells from part where odd and list_contains(?, source_file) order by all"
    totals: dict[str, list[Numbers]] = {}
    lines: dict[str, list[int]] = {}
    for name, line, texts in run(odd_rows, [list(plain)]).fetchall():
        own = _total(source, files[name], texts)
        if own is None:
            plain.pop(name, None)
            continue
        totals.setdefault(name, []).append(own)
        lines.setdefault(name, []).append(line - found[name][0] + files[name].grid.layout.last_line + 1)
    names = [name for name in lines if name in plain]
    if not names:
        return plain, {}
    sums = "".join(f", sum(cast(v{at} as decimal(38, 6)))" for at in range(len(source.measures)))
    every = f"select source_file{sums} from part where not odd and list_contains(?, source_file) group by 1"
    sums_of = {name: row for name, *row in run(every, [names]).fetchall()}
    said = {}
    for name in names:
        grid, summed = plain[name].grid, sums_of.get(name, [None] * len(source.measures))
        equal = [line for line, own in zip(lines[name], totals[name], strict=True) if _is_sum(own, summed)]
        said[name] = [not_read(UNDATED_TOTAL, grid, lines[name]), compared(grid, lines[name], equal)]
    return plain, said


def _may_have_totals(source: FileSource) -> bool:
    """Whether a total is beyond doubt by its cells alone, and its numbers are those of the rows."""
    return source.connector is None and all(
        measure.count is None and measure.scale == 1 for measure in source.measures.values()
    )


def _total(source: FileSource, file: PlainFile, texts: Sequence[str | None]) -> Numbers | None:
    """The numbers of a total's row by measure; None if it is no total without a day, or its numbers are not plain."""
    layout, mark = file.grid.layout, file.mark
    cells = [trimmed(text or "") for text in texts]
    if not cells:
        return None
    day = cells[layout.roles["date"]]
    filled = [cell for cell in cells if cell]
    if not filled or filled[0].startswith("#") or not (day.casefold() in NULL_MARKS or is_total(spaced(day))):
        return None
    if not any(is_total(spaced(cell)) for cell in filled):
        return None
    numbers: Numbers = {}
    for at, name in enumerate(source.measures):
        text = cells[layout.measures[name]] if name in layout.measures else ""
        if text.casefold() in NULL_MARKS:
            continue
        written = amounts.value(text, mark or ".")
        if written is None or amounts.mark_of(text) not in ("", mark, *("?" if mark else "")):
            return None
        numbers[at] = Decimal(written)
    return numbers or None


def _is_sum(own: Numbers, sums: Sequence[Decimal | None]) -> bool:
    pairs = [(value, sums[at]) for at, value in own.items()]
    return all(total is not None and abs(value - total) <= Decimal(ROUNDING) for value, total in pairs)
