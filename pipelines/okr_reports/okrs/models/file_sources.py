"""File sources as they are written; the channel that reads them takes `okr_reports.file_sources.FileSource`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from okr_reports.file_sources import FileSource, MeasureColumn
from okr_reports.okrs.fields import Amount, Id, Line, refuse
from okr_reports.okrs.models.settings import Currency
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown


class CurrencyColumn(Located):
    """The column that holds each row's currency code."""

    column: Line


class ScaledColumn(Located):
    """A measure's column whose values are multiplied by `scale`."""

    column: Line
    scale: Amount = Decimal(1)

    @model_validator(mode="after")
    def _scales(self) -> Self:
        if self.scale <= 0:
            raise refuse(f"the scale {shown(self.scale)} is not above 0", "write a factor such as 0.000001")
        return self


def _written_form(value: Any) -> str:
    return "mapping" if isinstance(value, dict | Located) else "text"


# A column alone or a mapping: told apart by its form, so that a mistake is reported once, for the form written.
MeasureEntry = Annotated[
    Annotated[Line, Tag("text")] | Annotated[ScaledColumn, Tag("mapping")], Discriminator(_written_form)
]
CurrencyEntry = Annotated[
    Annotated[Currency, Tag("text")] | Annotated[CurrencyColumn, Tag("mapping")], Discriminator(_written_form)
]


class FileSourceEntry(Located):
    """Files of one shape that bring a channel of their own."""

    id: Id
    path: Line
    channel: Id
    date: Line
    measures: dict[Id, MeasureEntry] = Field(min_length=1)
    sheet: Line | None = None
    date_format: Line | None = None
    account_id: Line | None = None
    campaign_id: Line | None = None
    campaign_name: Line | None = None
    currency: CurrencyEntry | None = None
    key: list[Line] = Field(default_factory=list)

    def to_file_source(self, folder: Path) -> FileSource:
        """The source with its path made relative to `folder`, that of the declaring file."""
        return FileSource(
            id=self.id,
            channel=self.channel,
            pattern=folder / self.path,
            date=self.date,
            measures={
                name: MeasureColumn(column) if isinstance(column, str) else MeasureColumn(column.column, column.scale)
                for name, column in self.measures.items()
            },
            sheet=self.sheet,
            date_format=self.date_format,
            account_id=self.account_id,
            campaign_id=self.campaign_id,
            campaign_name=self.campaign_name,
            currency=self.currency if isinstance(self.currency, str) else None,
            currency_column=self.currency.column if isinstance(self.currency, CurrencyColumn) else None,
            key=tuple(self.key),
            defined_at=f"{self.place.path}:{self.place.line}",
            folder=folder,
        )
