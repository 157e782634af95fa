"""Files a reader may take away: CSV, JSON and XLSX of what a page shows.

Numbers stay numbers. Text that a spreadsheet would run as a formula gets an apostrophe in front (CSV) or is written as
text (XLSX, with formulas and links off).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okr_reports.report_site.views.definitions_sheet import HEAD, Line

SHEET = "definitions"
FORMULA_STARTS = ("=", "+", "-", "@")
# Signs that a spreadsheet, a font or a later conversion takes for one of those, beyond Unicode's own compatibility and
# beside every dash that there is.
DASHES = "Pd"
LOOK_ALIKES = str.maketrans(
    dict.fromkeys("\u2212\u2796\u02d7\u2043", "-")
    | dict.fromkeys("\u2795\u02d6", "+")
    | dict.fromkeys("\ua78a\u2550\ua4ff", "=")
)
# Of what may be before the sign and is not seen: blanks, controls, marks of joining and direction, the byte order mark.
UNSEEN = ("Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me", "Cn", "Co", "Cs")
# Seen as nothing too, though Unicode calls them letters.
FILLERS = {*"\u115f\u1160\u3164\uffa0\u2800"}
# Where decimals have a comma Excel splits files at semicolons only, and what is pasted at tabs. A quote is then in the
# middle of a cell and quotes nothing, so that a new line in it begins a row.
_SEPARATORS = re.compile("([;\t\r\n])")
_BLANKS = ("\t", "\r", "\n")
SHEET_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def safe_cell(value: Any) -> Any:
    """`value` for a CSV cell: numbers and dates as they are, text never the start of a formula."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        guarded = "".join(f"'{part}" if _begins_a_formula(part) else part for part in _SEPARATORS.split(value))
        return f"'{guarded}" if value[:1] in _BLANKS else guarded
    return value


def _begins_a_formula(text: str) -> bool:
    """Whether the first sign that is seen is one of a formula, or looks like it."""
    seen = next(
        (character for character in text if character not in FILLERS and unicodedata.category(character) not in UNSEEN),
        "",
    )
    alike = unicodedata.normalize("NFKC", seen).translate(LOOK_ALIKES)
    return alike.startswith(FORMULA_STARTS) or (alike != "" and unicodedata.category(alike[0]) == DASHES)


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, for_excel: bool = True) -> bytes:
    """UTF-8; for Excel with a byte-order mark, without which it takes it for another encoding."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in columns])
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return ("\ufeff" * for_excel + out.getvalue()).encode()


def json_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A list of objects. Decimals and doubles as numbers, dates as ISO texts, NaN and infinity as null."""
    listed = [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]
    return (json.dumps(listed, ensure_ascii=False, indent=1, sort_keys=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def xlsx_bytes(
    sheets: Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]], created: datetime, title: str
) -> bytes:
    """One sheet a table. `created` is the start of the report's day, so equal data gives equal bytes."""
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": title[:250], "created": created.replace(tzinfo=None)})
    head = book.add_format({"bold": True, "bottom": 1})
    days, moments = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, (columns, rows) in sheets.items():
        sheet = book.add_worksheet(_sheet_name(book, name))
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, str(column), head)
            sheet.set_column(place, place, max(10, min(48, len(str(column)) + 2)))
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                _write(sheet, line, place, value, days, moments)
    book.close()
    return out.getvalue()


def _sheet_name(book: Any, name: str) -> str:
    """Excel allows 31 characters, no brackets or slashes, and no two alike."""
    plain = name.translate(SHEET_FORBIDDEN).strip()[:28] or "table"
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    number, chosen = 1, plain
    while chosen.lower() in taken:
        number += 1
        chosen = f"{plain} {number}"
    return chosen


def _write(sheet: Any, line: int, place: int, value: Any, days: Any, moments: Any) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(line, place, float(value))
    elif isinstance(value, datetime):
        sheet.write_datetime(line, place, value.replace(tzinfo=None), moments)
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value, days)
    else:
        sheet.write_string(line, place, str(value)[:32_767])


class Downloads:
    """The tables of one page that readers may take away, and the files they become."""

    def __init__(self, created: Callable[[], datetime]) -> None:
        self.created = created
        self.sheets: dict[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] = {}
        self.files: dict[str, bytes] = {}
        self.defined: list[Line] = []

    def csv(
        self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], defined: Sequence[Line] = ()
    ) -> str:
        """Keep a table and return the path of its CSV file. Equal tables of different pages share a file.

        `defined` says what its columns mean, for the workbook.
        """
        content = csv_bytes(columns, rows)
        path = f"data/tables/{name}-{hashlib.sha256(content).hexdigest()[:10]}.csv"
        self.files[path] = content
        if name not in self.sheets:
            self.sheets[name] = (columns, rows)
            self.defined += defined
        return path

    def book(self, title: str, route: str) -> str | None:
        """All tables of the page as one workbook, and what their columns mean; None when it has none.

        Its name is of the page: it says how far the data goes, which must not change what the page says.
        """
        if not self.sheets:
            return None
        path = f"data/tables/page-{hashlib.sha256(route.encode()).hexdigest()[:10]}.xlsx"
        sheets = dict(self.sheets)
        if self.defined:
            sheets[SHEET if SHEET not in sheets else f"{SHEET} of columns"] = (HEAD, self.defined)
        self.files[path] = xlsx_bytes(sheets, self.created(), title)
        return path
