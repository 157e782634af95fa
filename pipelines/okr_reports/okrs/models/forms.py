"""Forms whose answers are check-ins, as they are written; `okr_reports.common.form_answers` is what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Discriminator, Tag, model_validator

from okr_reports.common.form_answers import ROLES, FormSource
from okr_reports.file_sources import FileSource
from okr_reports.okrs.fields import Amount, Id, Line, refuse
from okr_reports.okrs.models.file_columns import (
    Columns,
    DateFormat,
    Encoding,
    HeaderRow,
    NumberMarks,
    Sheets,
    written_form,
)
from okr_reports.okrs.models.settings import Timezone
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown


class ConfidenceMapping(Located):
    """The column of a confidence that is answered on a scale, and the top of that scale."""

    column: Columns
    out_of: Amount | None = None

    @model_validator(mode="after")
    def _ends_somewhere(self) -> Self:
        if self.out_of is not None and self.out_of < 1:
            raise refuse(f"the scale ends at {shown(self.out_of)}", "write its top, such as out_of: 10")
        return self


Confidence = Annotated[
    Annotated[Columns, Tag("text")] | Annotated[ConfidenceMapping, Tag("mapping")], Discriminator(written_form)
]


class CheckInSourceEntry(Located):
    """Answers of a form, a file or a published address: each row is a check-in."""

    id: Id
    path: Line
    date: Columns
    key_result: Columns
    author: Columns | None = None
    confidence: Confidence | None = None
    note: Columns | None = None
    next: Columns | None = None
    value: Columns | None = None
    encoding: Encoding | None = None
    header: HeaderRow | None = None
    sheet: Sheets | None = None
    date_format: DateFormat | None = None
    timezone: Timezone | None = None
    numbers: NumberMarks | None = None

    def to_form_source(self, folder: Path, roots: tuple[Path, ...]) -> FormSource:
        """The form with its path made relative to `folder`, that of the declaring file."""
        address = self.path if self.path.startswith("https://") else None
        files = FileSource(
            id=self.id,
            channel=self.id,
            pattern=Path(self.id) if address else folder / self.path,
            date=self.date,
            measures={},
            address=address,
            encoding=self.encoding,
            header=self.header,
            sheets=self.sheet or (),
            date_format=self.date_format,
            timezone=self.timezone,
            decimal=self.numbers.decimal if self.numbers else None,
            defined_at=f"{self.place.path}:{self.place.line}",
            folder=folder,
            roots=roots,
        )
        columns = {role: column for role in ROLES if (column := getattr(self, role)) is not None}
        if not isinstance(self.confidence, ConfidenceMapping):
            return FormSource(files, columns)
        return FormSource(files, columns | {"confidence": self.confidence.column}, self.confidence.out_of)
