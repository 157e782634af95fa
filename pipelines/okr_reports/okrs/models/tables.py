"""Tables of one's own as they are written; channels/page_tables reads `okr_reports.common.page_tables.PageTable`."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import model_validator

from okr_reports.common.page_tables import ABOUT, PageTable
from okr_reports.okrs.fields import Id, Line, Paragraphs, refuse
from okr_reports.okrs.models.file_columns import Encoding, HeaderRow
from okr_reports.okrs.place import Located

_FORMS = "write `path: file.csv`, `connection: name` with `query: select ...`, or `model: name`"


class TableEntry(Located):
    """A table that pages query beside the marts: a file, the rows of a query, or a model of the workspace."""

    id: Id
    path: Line | None = None
    connection: Id | None = None
    query: Paragraphs | None = None
    model: Id | None = None
    sheet: Line | None = None
    header: HeaderRow | None = None
    encoding: Encoding | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if self.id == ABOUT:
            raise refuse(f"`{ABOUT}` is the table that lists the tables", "choose another id")
        if self.model is not None:
            others = ("path", "connection", "query", "sheet", "header", "encoding")
            if other := next((name for name in others if getattr(self, name) is not None), None):
                raise refuse(f"`{other}` is of files and queries, and `model` has rows of its own", f"remove `{other}`")
            return self
        if self.path is not None and (self.connection or self.query):
            raise refuse("`path` and a query both say where the rows are", "keep one of them")
        if self.path is None and not (self.connection and self.query):
            missing = "`query`" if self.connection else "`connection`" if self.query else "where the rows are"
            raise refuse(f"{missing} is missing", _FORMS)
        if self.path is None and (self.sheet or self.header or self.encoding):
            raise refuse("`sheet`, `header` and `encoding` are of files", "remove them")
        if self.path is not None and "://" in self.path:
            raise refuse("a table is read from a file, not from an address", "save it beside the definitions")
        return self

    def to_page_table(self, folder: Path, roots: tuple[Path, ...]) -> PageTable:
        """The table with its path made relative to `folder`, that of the declaring file."""
        return PageTable(
            id=self.id,
            path=folder / self.path if self.path else None,
            written=self.path or "",
            sheet=self.sheet,
            header=self.header,
            encoding=self.encoding,
            connection=self.connection or "",
            query=self.query or "",
            model=self.model or "",
            defined_at=f"{self.place.path}:{self.place.line}",
            roots=roots,
        )
