"""File sources as they are written; the channel that reads them takes `okr_reports.file_sources.FileSource`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from okr_reports.file_sources import FileSource
from okr_reports.okrs.fields import Id, Line, choice, refuse
from okr_reports.okrs.models.file_columns import (
    Cadence,
    Columns,
    CurrencyColumn,
    CurrencyEntry,
    DateFormat,
    Encoding,
    HeaderRow,
    MeasureEntry,
    MeasureMapping,
    NullValues,
    NumberMarks,
    PivotEntry,
    Rows,
    Sheets,
    WideEntry,
    as_of,
    measure_column,
    row_conditions,
)
from okr_reports.okrs.models.settings import Timezone
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown


class FileMapping(Located):
    """How the columns of a table become days, accounts, campaigns and measures: of files, presets and channels."""

    date: Columns | None = None
    measures: dict[Id, MeasureEntry] = Field(default_factory=dict)
    encoding: Encoding | None = None
    header: HeaderRow | None = None
    sheet: Sheets | None = None
    date_format: DateFormat | None = None
    timezone: Timezone | None = None
    end_date: Columns | None = None
    grain: Annotated[str, *choice("day", "week", "month", "quarter", "reading")] | None = None
    dated: Annotated[str, *choice("start", "end")] | None = None
    open_range: Annotated[str, *choice("to_date", "whole")] | None = None
    as_of: Columns | None = None
    account_id: Columns | None = None
    campaign_id: Columns | None = None
    campaign_name: Columns | None = None
    campaign_group_name: Columns | None = None
    currency: CurrencyEntry | None = None
    numbers: NumberMarks | None = None
    null_values: NullValues | None = None
    rows: Rows | None = None
    pivot: PivotEntry | None = None
    wide: WideEntry | None = None
    totals: Annotated[str, *choice("refuse", "skip", "keep")] | None = None
    key: list[Line] = Field(default_factory=list)
    on_overlap: Annotated[str, *choice("refuse", "newest", "sum")] | None = None
    replaces: Annotated[str, *choice("range", "all")] | None = None
    cadence: Cadence | None = None
    ended: list[Line] = Field(default_factory=list)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.wide is not None and self.date is not None:
            raise refuse("`wide` and `date` both say where the days are", "keep `wide` where the headers are the dates")
        empty = [name for name, entry in self.measures.items() if not _has_column(entry)]
        if empty and self.wide is None:
            raise refuse(f"the measure {shown(empty[0])} names no column", "write its column, or {count: rows}")
        if self.grain == "reading" and self.end_date is not None:
            raise refuse("a reading is of one day, and `end_date` gives it a range", "remove one of them")
        return self

    def mapped(self) -> dict[str, Any]:
        """The fields of a FileSource that are written here, by name."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        written = {
            **columns,
            "measures": {name: measure_column(entry) for name, entry in self.measures.items()},
            "encoding": self.encoding,
            "header": self.header,
            "sheets": self.sheet,
            "as_of": as_of(self.as_of),
            "currency": self.currency if isinstance(self.currency, str) and self.currency != "auto" else None,
            "currency_column": self.currency.column if isinstance(self.currency, CurrencyColumn) else None,
            "currency_auto": True if self.currency == "auto" else None,
            "decimal": self.numbers.decimal if self.numbers else None,
            "group": self.numbers.group if self.numbers else None,
            "null_values": self.null_values,
            "rows": row_conditions(self.rows),
            "pivot": self.pivot.to_pivot() if self.pivot else None,
            "wide": self.wide.dates if self.wide else None,
            "cadence": self.cadence,
            **{name: getattr(self, name) for name in _WORDS},
            "key": tuple(self.key),
            "ended": tuple(self.ended),
        }
        return {name: value for name, value in written.items() if value not in (None, (), {})}


def _has_column(entry: Any) -> bool:
    return not isinstance(entry, MeasureMapping) or entry.column is not None or entry.count is not None


_COLUMNS = ("date", "end_date", "account_id", "campaign_id", "campaign_name", "campaign_group_name")
_WORDS = ("date_format", "timezone", "grain", "dated", "open_range", "totals", "on_overlap", "replaces")


class FileSourceEntry(FileMapping):
    """Files of one shape that bring a channel of their own."""

    id: Id
    path: Line
    channel: Id
    preset: Id | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        from okr_reports.okrs.presets import find_preset

        if self.preset is not None:
            find_preset(self.preset)
            return self
        if self.date is None and self.wide is None:
            raise refuse("no column of days is named", "write `date: <column>`, or `preset:` for a vendor's export")
        if not self.measures:
            raise refuse("no measure is named", "write `measures: {name: column}`, or `preset:` for a vendor's export")
        return self

    def to_file_source(self, folder: Path, roots: tuple[Path, ...]) -> FileSource:
        """The source with its path made relative to `folder`, that of the declaring file; what is written here
        overrides its preset's."""
        from okr_reports.okrs.presets import find_preset

        given = find_preset(self.preset).source_fields() if self.preset else {}
        mine = self.mapped()
        if self.currency is not None:
            given = {name: value for name, value in given.items() if not name.startswith("currency")}
        if given:
            given["may_miss"] = tuple(name for name in given.get("may_miss", ()) if name not in mine)
        address = self.path if self.path.startswith("https://") else None
        return FileSource(
            id=self.id,
            channel=self.channel,
            pattern=Path(self.id) if address else folder / self.path,
            address=address,
            preset=self.preset,
            defined_at=f"{self.place.path}:{self.place.line}",
            folder=folder,
            roots=roots,
            grain_is_declared="grain" in mine or "grain" in given,
            **{"date": (), "measures": {}, **given, **mine, "grain": mine.get("grain") or self._grain(given, mine)},
        )

    def _grain(self, given: dict[str, Any], mine: dict[str, Any]) -> str:
        """Of a wide table whose headers have no day: weeks or months."""
        wide = mine.get("wide") or given.get("wide") or "%d"
        return str(given.get("grain") or ("week" if "%V" in wide else "day" if "%d" in wide else "month"))
