"""The parts of a file source's entry: columns, measures, currencies, marks of numbers, conditions on rows."""

from __future__ import annotations

import codecs
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, PlainValidator, Tag, WithJsonSchema, model_validator

from okr_reports.file_sources import Column, MeasureColumn, Pivot, RowCondition
from okr_reports.okrs.fields import Amount, Flag, Line, day, refuse
from okr_reports.okrs.models.kpis import Conditions
from okr_reports.okrs.models.settings import Currency, currency
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown

_LINE = {"type": "string", "minLength": 1}
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = 300
_GROUPS = ("", ",", ".", " ", "\u00a0", "\u202f", "'", "’")


def _name(value: Any) -> str:
    """A column's name as the header has it, which may break lines."""
    if isinstance(value, str) and value.strip() and len(value) <= _LONGEST and "\x00" not in value:
        return value.strip()
    raise refuse(f"{shown(value)} is not the name of a column", "write it as in the header of the file, in quotes")


def _columns(value: Any) -> Column:
    if isinstance(value, list) and value:
        return tuple(_name(member) for member in value)
    return _name(value)


def _several(value: Any) -> tuple[str, ...]:
    """One text or a list of texts; numbers are taken as they are written."""
    items = value if isinstance(value, list) else [value]
    texts = [str(item) if isinstance(item, int | Decimal) and not isinstance(item, bool) else item for item in items]
    wrong = [item for item in texts if not isinstance(item, str) or len(item) > _LONGEST]
    if wrong or not texts:
        raise refuse(f"{shown(wrong[0] if wrong else value)} is not a text", "write it in quotes")
    return tuple(texts)


def _encoding(value: Any) -> str:
    try:
        if isinstance(value, str) and codecs.lookup(value)._is_text_encoding:
            return value.lower()
    except (LookupError, ValueError):
        pass
    raise refuse(f"{shown(value)} is not an encoding", "write utf-8, utf-16, windows-1252 or iso-8859-1")


def _header(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10_000:
        return value
    raise refuse(f"{shown(value)} is not the number of a row", "count the rows of the file from 1, up to its header")


def _date_format(value: Any) -> str:
    if isinstance(value, str) and "%" in value:
        return value.strip()
    raise refuse(f"{shown(value)} is not a date format", 'write it as "%d/%m/%Y"')


def _cadence(value: Any) -> int:
    """Days; 0 for `none`."""
    if value in ("none", "never"):
        return 0
    days = value.get("days") if isinstance(value, dict) and list(value) == ["days"] else None
    if isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= 1000:
        return days
    raise refuse(f"{shown(value)} is not a cadence", "write {days: 7}, or none where the file is never too old")


def _decimal(value: Any) -> str:
    words = {"point": ".", "comma": ","}
    if isinstance(value, str) and (mark := words.get(value, value)) in (",", "."):
        return mark
    raise refuse(f"{shown(value)} is not a decimal mark", 'write "," or "."')


def _group(value: Any) -> str:
    words = {"space": " ", "apostrophe": "'", "point": ".", "comma": ",", "none": ""}
    if isinstance(value, str) and (mark := words.get(value, value)) in _GROUPS:
        return mark
    raise refuse(f"{shown(value)} does not group thousands", 'write ",", ".", " " or "\'"')


_COLUMNS_SCHEMA = {"anyOf": [_LINE, {"type": "array", "items": _LINE, "minItems": 1}]}
_CADENCE_SCHEMA = {
    "anyOf": [
        {"enum": ["none"]},
        {"type": "object", "properties": {"days": {"type": "integer", "minimum": 1}}, "required": ["days"]},
    ]
}
Columns = Annotated[Any, PlainValidator(_columns), WithJsonSchema(_COLUMNS_SCHEMA)]
Sheets = Annotated[tuple[str, ...], PlainValidator(_several), WithJsonSchema({**_COLUMNS_SCHEMA, "examples": ["*"]})]
NullValues = Annotated[tuple[str, ...], PlainValidator(_several), WithJsonSchema(_COLUMNS_SCHEMA)]
Encoding = Annotated[str, PlainValidator(_encoding), WithJsonSchema({"type": "string", "examples": ["windows-1252"]})]
HeaderRow = Annotated[int, PlainValidator(_header), WithJsonSchema({"type": "integer", "minimum": 1})]
DateFormat = Annotated[str, PlainValidator(_date_format), WithJsonSchema({"type": "string", "examples": ["%d/%m/%Y"]})]
Cadence = Annotated[int, PlainValidator(_cadence), WithJsonSchema(_CADENCE_SCHEMA)]
DecimalMark = Annotated[str, PlainValidator(_decimal), WithJsonSchema({"enum": [",", "."]})]
GroupMark = Annotated[str, PlainValidator(_group), WithJsonSchema({"enum": [",", ".", " ", "'", ""]})]
Rows = dict[Line, Conditions]


class CurrencyColumn(Located):
    """The column that holds each row's currency code."""

    column: Columns


class NumberMarks(Located):
    """How the file writes numbers: the mark before decimals, the one between thousands."""

    decimal: DecimalMark | None = None
    group: GroupMark | None = None

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.decimal is None and self.group is None:
            raise refuse("`numbers` says nothing", 'write {decimal: ",", group: "."}')
        if self.decimal == self.group:
            raise refuse("one mark cannot be both the decimal and the group mark", "write two different ones")
        return self


class PivotEntry(Located):
    """A long table: the column that names each row's measure, and the one that holds its value."""

    name: Columns
    value: Columns | None = None

    def to_pivot(self) -> Pivot:
        return Pivot(self.name, self.value or ())


class WideEntry(Located):
    """One column a period: headers in this format are the dates. A year in it is that of the first period."""

    dates: DateFormat

    @model_validator(mode="after")
    def _is_iso(self) -> Self:
        if "%W" in self.dates or "%U" in self.dates:
            raise refuse(f"{shown(self.dates)} counts weeks otherwise than ISO 8601", 'write "%G-W%V"')
        return self


class MeasureMapping(Located):
    """A measure's column and what is done with it: `scale` multiplies, `minus` is taken off, `count` counts rows: all,
    or those in which a column is not empty, which `count` itself may name (`count: Email`)."""

    column: Columns | None = None
    scale: Amount = Decimal(1)
    count: Columns | None = None
    minus: Columns | None = None
    times: Columns | None = None
    where: Rows | None = None
    currency: Currency | None = None
    money: Flag = False

    @model_validator(mode="after")
    def _has_a_value(self) -> Self:
        if self.scale <= 0:
            raise refuse(f"the scale {shown(self.scale)} is not above 0", "write a factor such as 0.000001")
        if self.count is not None and (self.minus or self.times or self.scale != 1):
            raise refuse("a count is of rows, and is neither scaled, multiplied nor lessened", "remove the other keys")
        if self.count == "column" and self.column is None:
            raise refuse("`count: column` names no column", "write {count: column, column: <its name>}")
        if self.count not in (None, "rows", "column") and self.column is not None:
            raise refuse("`count` and `column` each name a column", "write {count: <its name>} alone, or {count: rows}")
        return self


def written_form(value: Any) -> str:
    """Whether an entry is a column alone or says more of it."""
    return "mapping" if isinstance(value, dict | Located) else "text"


# A column alone or a mapping: distinguished by its form, so that a mistake is reported once, for the form written.
MeasureEntry = Annotated[
    Annotated[Columns, Tag("text")] | Annotated[MeasureMapping, Tag("mapping")], Discriminator(written_form)
]
CurrencyWord = Annotated[
    str,
    PlainValidator(lambda value: value if value == "auto" else currency(value)),
    WithJsonSchema({"type": "string", "pattern": "^([A-Z]{3}|auto)$"}),
]
CurrencyEntry = Annotated[
    Annotated[CurrencyWord, Tag("text")] | Annotated[CurrencyColumn, Tag("mapping")], Discriminator(written_form)
]


def measure_column(entry: Any) -> MeasureColumn:
    """What the channel reads, of a measure as it is written."""
    if not isinstance(entry, MeasureMapping):
        return MeasureColumn(entry)
    count: Literal["rows", "column"] | None = entry.count if entry.count in (None, "rows") else "column"
    return MeasureColumn(
        entry.column or (entry.count if count == "column" and entry.count else ()),
        entry.scale,
        count,
        entry.minus or (),
        entry.times or (),
        row_conditions(entry.where),
        entry.currency,
        entry.money,
    )


def row_conditions(rows: dict[str, Any] | None) -> tuple[RowCondition, ...]:
    return tuple(
        RowCondition(column, condition.operator, condition.values)
        for column, conditions in (rows or {}).items()
        for condition in conditions
    )


def as_of(value: Any) -> Column | date | None:
    """A column, or the day itself where it is written as one."""
    return day(value) if isinstance(value, str) and _ISO_DAY.fullmatch(value) else value
