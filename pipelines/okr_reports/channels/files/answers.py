"""Answers of a form as it was exported: the table found by its named columns, days and numbers read, rows kept apart.

A row that cannot be read is said and left out; the others count.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from okr_reports.channels.files import amounts, dates, sheets
from okr_reports.channels.files.faults import Refused, out_of_reach
from okr_reports.channels.files.grid import DELIMITERS, text_records
from okr_reports.channels.files.layout import HEADER_WITHIN, Record, Twice, alternatives, place
from okr_reports.channels.files.names import NULL_MARKS
from okr_reports.channels.files.opened import Opened, open_file
from okr_reports.channels.files.published import fetch
from okr_reports.common.form_answers import Answer, FormFile, FormSource, Trouble, doubtful_shares, scale_of, share_of
from okr_reports.errors import ChannelError
from okr_reports.file_places import lies_within, refusal

_MOST_ROWS = 100_000
_HOW = "write it as 70 %, 0.7 or 7/10"


def read_form(source: FormSource, today: date, copies: Path) -> Iterator[FormFile]:
    """Every file of a form; of a published one the copy in `copies`."""
    files = source.files
    if files.address is not None:
        yield _published(source, today, copies)
        return
    if not files.is_within_roots:
        yield FormFile(files.pattern, troubles=[Trouble(1, *refusal(files.fixed_folder))])
        return
    found = [path for path in files.matches() if not path.name.startswith((".", "~$"))]
    if not found:
        todo = f"put the answers there, or correct `path` at {files.defined_at}"
        yield FormFile(files.pattern, troubles=[Trouble(1, "no file of answers is there", todo)])
    for path in found:
        if lies_within(path, files.roots):
            yield _read(source, path, today)
        else:
            yield FormFile(path, troubles=[Trouble(1, *refusal(path.parent))])


def fetch_form(source: FormSource, copies: Path) -> None:
    """Take a copy of a published form's answers. Raises ChannelError; the last copy stays and the reason is kept."""
    name = source.files.id
    failed = copies / f"{name}.error"
    copies.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=copies) as scratch:
        try:
            fetch(source.files, Path(scratch)).replace(copies / f"{name}.csv")
        except ChannelError as error:
            failed.write_text(str(error), encoding="utf-8")
            raise
    failed.unlink(missing_ok=True)


def _published(source: FormSource, today: date, copies: Path) -> FormFile:
    name = source.files.id
    path, failed = copies / f"{name}.csv", copies / f"{name}.error"
    if not path.exists():
        form = FormFile(path, troubles=[Trouble(1, "its answers were not fetched yet", "run `okr refresh`")])
    else:
        form = _read(source, path, today)
    if failed.exists():
        kept = "; the answers fetched before count" if path.exists() else ""
        form.troubles.append(Trouble(1, f"could not be fetched{kept}", failed.read_text(encoding="utf-8")))
    return form


def _read(source: FormSource, path: Path, today: date) -> FormFile:
    form = FormFile(path)
    try:
        with tempfile.TemporaryDirectory(prefix="okr-form-") as scratch:
            tables = [
                table
                for part in open_file(path, source.files.encoding, Path(scratch))
                for table in _tables(part, source)
            ]
            found = next((table for table in tables if table is not None), None)
            if found is None:
                wanted = " and ".join(
                    " or ".join(map(repr, alternatives(source.columns[role]))) for role in ("date", "key_result")
                )
                form.troubles.append(
                    Trouble(1, f"has no columns {wanted}", f"correct them at {source.files.defined_at}")
                )
                return form
            columns, body = found
            rows = _rows(form, columns, body)
    except Refused as error:
        form.troubles += [Trouble(1, str(fault), fault.todo) for fault in error.faults]
    except OSError as error:
        form.troubles += [Trouble(1, str(fault), fault.todo) for fault in out_of_reach(error).faults]
    else:
        _answers(source, form, rows, today)
    return form


def _tables(part: Opened, source: FormSource) -> Iterator[tuple[dict[str, int], Iterator[Record]] | None]:
    if part.kind == "excel":
        for name, records in sheets.heads(part.path, _MOST_ROWS):
            if not source.files.sheets or name in source.files.sheets:
                yield _table(source, iter(records))
        return
    for mark in DELIMITERS:
        yield _table(source, text_records(part.path, mark))


def _table(source: FormSource, records: Iterator[Record]) -> tuple[dict[str, int], Iterator[Record]] | None:
    """The columns by role and the records below the header; None where no header has a day and a key result."""
    try:
        for first, last, cells in itertools.islice(records, HEADER_WITHIN):
            if source.files.header is not None and not first <= source.files.header <= last:
                continue
            try:
                places = {role: place(cells, column) for role, column in source.columns.items()}
            except Twice:
                continue
            columns = {role: at for role, at in places.items() if at is not None}
            if {"date", "key_result"} <= columns.keys():
                return columns, records
    except Refused:  # the quotes of another separator
        return None
    return None


def _rows(form: FormFile, columns: dict[str, int], body: Iterator[Record]) -> list[tuple[int, dict[str, str]]]:
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        for line, _, cells in body:
            held = {role: cells[at] if at < len(cells) else "" for role, at in columns.items()}
            held = {role: "" if cell.casefold() in NULL_MARKS else cell for role, cell in held.items()}
            if not any(held.values()):
                continue
            if len(rows) == _MOST_ROWS:
                form.troubles.append(Trouble(line, f"has more than {_MOST_ROWS:,} answers", "split the file"))
                break
            rows.append((line, held))
    except Refused as error:
        form.troubles += [
            Trouble(rows[-1][0] if rows else 1, f"{fault}; nothing behind it is read", fault.todo)
            for fault in error.faults
        ]
    return rows


def _answers(source: FormSource, form: FormFile, rows: Sequence[tuple[int, dict[str, str]]], today: date) -> None:
    days = _days(source, form, rows, today)
    shares = [_bare(held.get("confidence", "")) for _, held in rows]
    top = source.out_of or scale_of(shares)
    doubtful = set() if top else doubtful_shares(shares)
    decimal = _decimal(source, [held.get("value", "") for _, held in rows])
    given = []
    for at, (line, held) in enumerate(rows):
        moment = days[at]
        if moment is None:
            continue
        confidence = None
        if text := _bare(held.get("confidence", "")):
            confidence = None if text in doubtful else share_of(text, top)
            if text in doubtful:
                scale = "confidence: {column: ..., out_of: 10}"
                what = f"the confidence {text!r} may be of a scale to 5, 10 or 100, and is left out"
                form.troubles.append(Trouble(line, what, f"declare `{scale}`, or {_HOW}"))
            elif confidence is None:
                what = f"the confidence {text[:40]!r} is no share, and is left out"
                form.troubles.append(Trouble(line, what, _HOW))
        number = _number(form, line, held.get("value", ""), decimal)
        cells = {role: _bare(cell) for role, cell in held.items()}
        given.append((moment, at, Answer(line, moment[0], cells, confidence, number)))
    # the later answer of a day counts
    form.answers = [answer for _, _, answer in sorted(given, key=lambda placed: placed[:2])]


def _bare(cell: str) -> str:
    return cell.lstrip(amounts.NATIVE)


def _decimal(source: FormSource, cells: Sequence[str]) -> str | None:
    """The decimal mark of the values: declared, or surely written in one of them. None where nothing says it."""
    if source.files.decimal is not None:
        return source.files.decimal
    sure = amounts.marks_of(cells).keys() & {".", ","}
    return sure.pop() if len(sure) == 1 else None


def _number(form: FormFile, line: int, cell: str, decimal: str | None) -> str | None:
    mark = amounts.mark_of(cell)
    if mark == "?" and decimal is None:
        todo = 'declare `numbers: {decimal: "."}` or `numbers: {decimal: ","}`'
        form.troubles.append(
            Trouble(line, f"the value {cell!r} may be a thousand or a fraction, and is left out", todo)
        )
        return None
    number = amounts.value(cell.removesuffix("%").strip(), decimal or (mark if mark in (".", ",") else "."))
    return number and number + ("%" if cell.endswith("%") else "")


Moment = tuple[date, str]


def _days(
    source: FormSource, form: FormFile, rows: Sequence[tuple[int, dict[str, str]]], today: date
) -> list[Moment | None]:
    """The day of each row and its time of day; rows without one are said."""
    written = [dates.read(_bare(held["date"])) for _, held in rows]
    declared = source.files.date_format
    zone = ZoneInfo(source.files.timezone) if source.files.timezone else None
    month_first = None if declared else _month_first([stamp for stamp in written if stamp is not None], today)
    found: list[Moment | None] = []
    unsure = []
    for (line, held), stamp in zip(rows, written, strict=True):
        text = _bare(held["date"])
        day = dates.declared(text, declared) if declared and not held["date"].startswith(amounts.NATIVE) else None
        if day is None and stamp is not None and not (declared and stamp.order):
            if stamp.order and month_first is None and stamp.on(True) != stamp.on(False):
                unsure.append(line)
                found.append(None)
                continue
            day = dates.day_of(stamp, bool(month_first), zone, utc=False)
        if day is None:
            what = f"its date {text[:40]!r} is no day" if text else "it has no date"
            form.troubles.append(
                Trouble(line, f"{what}, so the answer is left out", "correct it, or give `date_format`")
            )
        found.append(None if day is None else (day, stamp.at.isoformat() if stamp and stamp.at else ""))
    if unsure:
        what = f"{len(unsure)} dates may be day/month or month/day, so these answers are left out"
        form.troubles.append(Trouble(unsure[0], what, 'declare `date_format: "%d/%m/%Y"` or "%m/%d/%Y"'))
    return found


def _month_first(written: Sequence[dates.Written], today: date) -> bool | None:
    """Whether the month comes first: by a number above 12, by what lies ahead, by the order of the answers.

    A form adds its answers at the end: of two readings the one whose days never go back is right.
    """
    possible = dates.orders(written)
    if len(possible) == 2 and all(stamp.order in (".", "") for stamp in written):
        return False
    possible = {order for order in possible if all((stamp.on(order) or today) <= today for stamp in written)}
    if len(possible) == 2 and len({(stamp.year, stamp.first, stamp.second) for stamp in written}) > 2:
        days = {order: [day for stamp in written if (day := stamp.on(order))] for order in possible}
        rising = {order for order in possible if days[order] == sorted(days[order])}
        possible = rising if len(rising) == 1 else possible
    return possible.pop() if len(possible) == 1 else None
