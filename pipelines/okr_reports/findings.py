"""What `okr check` says: definitions first, then the channels' settings, then the report pages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from okr_reports.errors import Finding, shown_path
from okr_reports.settings import Workspace, shipped

if TYPE_CHECKING:
    from okr_reports.common.form_answers import AnswersReader
    from okr_reports.okrs.definitions import Definitions


@dataclass(frozen=True)
class Examination:
    """Every error and warning there is, and the definitions (None while they have errors).

    `notes` are what is not read of files, and is right so.
    """

    findings: list[Finding]
    definitions: Definitions | None
    notes: list[str] = field(default_factory=list)

    @property
    def locale(self) -> str | None:
        """The locale that the definitions set."""
        return self.definitions.settings.locale if self.definitions else None


def translation_note(workspace: Workspace, locale: str | None) -> str | None:
    """How much of the site is translated into the report's language; None for English, which is what texts are."""
    from okr_reports.report_site.formats.languages import translated
    from okr_reports.words import language_of

    if locale is None or language_of(locale) == "en":
        return None
    done, known = translated(locale, [workspace.reports_dir / "translations"])
    note = f"{done * 100 // known} % of {known} texts are translated into {language_of(locale)}"
    if done == known:
        return note
    own = workspace.reports_dir / "translations" / f"{language_of(locale)}.po"
    return f"{note}; the others are shown in English: add them to {own}"


def _of_files(defined: Definitions, notes: list[str]) -> Iterator[Finding]:
    """Every fault of every file of the file sources; what is not read of them goes into `notes`."""
    if not defined.file_sources:
        return
    from okr_reports import settings
    from okr_reports.channels.files.check import check_files

    chosen = defined.settings
    said: dict[tuple[str, str], list[str]] = {}
    rated = {rate.currency for rate in defined.exchange_rates} | {chosen.currency}
    unrated: set[tuple[str, str]] = set()
    for files_read in check_files(defined.file_sources, settings.today(chosen.timezone), chosen.currency, defined.uses):
        path, _, line = files_read.source.defined_at.rpartition(":")
        shown = shown_path(Path(os.path.normpath(files_read.path)))
        for fault in files_read.faults:
            yield Finding(path, int(line), "error", f"{shown}: {fault}", fault.todo)
        source = files_read.source
        for code in sorted(files_read.currencies):
            if code in rated or code == source.currency or (source.id, code) in unrated:
                continue
            unrated.add((source.id, code))
            what = f"{shown}: there is no exchange rate for {code}, so its amounts do not count"
            yield Finding(path, int(line), "warning", what, f"add rows `date,{code},rate` to exchange_rates.csv")
        for sentence in files_read.said:
            said.setdefault((files_read.source.id, sentence), []).append(str(shown))
    for (_, sentence), files in said.items():
        more = f" and {len(files) - 1:,} more files" if len(files) > 1 else ""
        notes.append(f"{files[0]}{more}: {sentence}")


@dataclass(frozen=True)
class _Tables:
    """Tables of one's own: columns and types of those that are known, and what is wrong with them."""

    columns: dict[str, dict[str, str]]
    findings: list[Finding]
    unknown: list[str]

    def but_unknown(self, pages: list[Finding]) -> list[Finding]:
        """The findings of pages without those that only say that a table is not there before its first refresh."""
        if not self.unknown:
            return pages
        names = "|".join(map(re.escape, self.unknown))
        missing = re.compile(rf"Table with name ({names}) does not exist|there is no query '(tables\.)?({names})'")
        return [finding for finding in pages if not missing.search(finding.what)]


def _table_names(defined: Definitions) -> Iterator[Finding]:
    """Names of tables that no query could use, or that a query would take for another's."""
    if not defined.tables:
        return
    import duckdb

    from okr_reports.report_site.blank_copy import contracts

    marts = contracts()
    reserved = "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    with duckdb.connect() as connection:
        words = connection.execute(reserved).fetchall()
    for entry in defined.table_entries:
        taken = "a table of the reports" if entry.id in marts else "a word of SQL" if (entry.id,) in words else ""
        if taken:
            place, what = entry.place, f"`{entry.id}` is the name of {taken}"
            yield Finding(place.path, place.at("id"), "error", what, "choose another id")


def _model_names(workspace: Workspace, defined: Definitions) -> Iterator[Finding]:
    """Models that KPIs and tables name and that are not there, and those that have the name of one of ours."""
    from okr_reports.common.model_files import model_files

    ours = {path.stem: path for path in (shipped("dbt_project") / "models").rglob("*.sql")}
    for path in model_files(workspace).values():
        if path.suffix == ".sql" and path.stem in ours:
            what = f"the model {path.stem!r} has the name of one of the reports' own"
            todo = f"rename it: in {shown_path(workspace.models_dir)}/ `ref('{path.stem}')` is this one, elsewhere ours"
            yield Finding(str(shown_path(path)), 1, "warning", what, todo)
    named = [(kpi.model, kpi.place) for kpi in defined.kpis if kpi.model]
    named += [(table.model, table.place) for table in defined.table_entries if table.model]
    if not named:
        return
    from okr_reports.common.model_files import model_names
    from okr_reports.okrs.words import nearest

    there = model_names(workspace)
    for model, place in named:
        if model not in there:
            what = f"there is no model {model!r} in {shown_path(workspace.models_dir)}/"
            todo = nearest(model, there) if there else f"write it as models/{model}.sql"
            yield Finding(place.path, place.at("model"), "error", what, todo)


def _tables(workspace: Workspace, defined: Definitions | None) -> _Tables:
    """Files are read as a refresh would; of a database's tables, what the last copy had of them is known."""
    from okr_reports.okrs.reading import read_folder

    broken: list[str] = []
    if defined is None:  # what is wrong with definitions is said already, and not of the pages
        reading = read_folder(workspace.definitions_dir)
        defined, broken = reading.definitions, sorted(reading.broken["tables"])
    if not defined.tables:
        return _Tables({}, [], broken)
    import duckdb

    from okr_reports.channels.page_tables import read_tables
    from okr_reports.common.page_tables import columns_of, known_columns

    found = []
    files = [table for table in defined.tables if table.path is not None]
    with TemporaryDirectory(prefix="okr-tables-") as folder:
        database = Path(folder) / "tables.duckdb"
        faults = read_tables(files, database)
        with duckdb.connect(str(database), read_only=True) as connection:
            columns = columns_of(connection, "main")
    before = known_columns(workspace.snapshot)
    declared = {table.id: table for table in defined.tables}
    columns = {name: of for name in declared if (of := columns.get(name) or before.get(name))}
    for name, table in declared.items():
        path, _, line = table.defined_at.rpartition(":")
        if name in faults:
            error = faults[name]
            found.append(Finding(path, int(line), "error", f"table {name}: {error.what}", error.todo))
        elif name not in columns:
            what = f"the columns of the table `{name}` are not known yet, so pages that query it are not checked"
            found.append(Finding(path, int(line), "warning", what, "run `okr refresh`, and check again"))
    return _Tables(columns, found, broken + [name for name in declared if name not in columns])


def answers_reader(workspace: Workspace) -> AnswersReader:
    """What reads the forms of `check_in_sources`; of published ones the copies that the last refresh took."""
    from okr_reports.channels.files.answers import read_form

    return partial(read_form, copies=workspace.forms_dir)


def read_definitions(workspace: Workspace) -> Definitions:
    """The definitions with the answers of forms among their check-ins. Raises DefinitionsError."""
    from okr_reports import okrs

    return okrs.read(workspace.definitions_dir, answers=answers_reader(workspace))


def findings(workspace: Workspace, bind: bool = True) -> list[Finding]:
    """What `examine` finds."""
    return examine(workspace, bind).findings


def examine(workspace: Workspace, bind: bool = True) -> Examination:
    """Read the definitions, the channels' settings and the pages.

    Without `bind`, for a refresh, pages are not held against the snapshot there is (the marts that it is about to write
    may have more tables and columns than those of an older version), nor parsed again if the last build found them
    right, and not at all unless publishing is strict (a page that cannot be made says so, the others are published);
    and a file source whose path leads out is left to fail alone.
    """
    from okr_reports import okrs
    from okr_reports.channels.load import check_settings
    from okr_reports.file_places import setting_findings
    from okr_reports.okrs.lints.file_sources import misplaced_sources
    from okr_reports.report_site.check import check_pages
    from okr_reports.report_site.output.page_cache import was_checked

    defined, found = okrs.check(workspace.definitions_dir, answers=answers_reader(workspace))
    notes: list[str] = []
    if bind and defined is not None:
        found = [*found, *misplaced_sources(defined), *_of_files(defined, notes)]
    if defined is not None:
        found = [*found, *_table_names(defined), *_model_names(workspace, defined)]
    connectors = [source.id for source in defined.file_sources if source.connector] if defined is not None else []
    said = [*sorted(found), *setting_findings(), *check_settings(connectors)]
    is_strict = defined is not None and defined.settings.publish.strict
    if not bind and (not is_strict or was_checked(workspace.page_cache_dir, workspace.reports_dir)):
        return Examination(said, defined, notes)
    tables = _tables(workspace, defined)
    said += sorted(tables.findings) if bind else []
    snapshot = workspace.snapshot if bind and workspace.snapshot.exists() else None
    if snapshot and not _has_tables(snapshot, tables.columns):
        snapshot = None  # its tables are those of other definitions or files
    pages = check_pages(workspace.reports_dir, snapshot, workspace.page_cache_dir, tables.columns)
    return Examination([*said, *tables.but_unknown(pages)], defined, notes)


def _has_tables(snapshot: Path, columns: dict[str, dict[str, str]]) -> bool:
    """Whether a copy has just these tables of one's own."""
    from okr_reports.common.page_tables import ABOUT, known_columns

    return {name: of for name, of in known_columns(snapshot).items() if name != ABOUT} == columns


def errors(workspace: Workspace, bind: bool = True) -> list[Finding]:
    """The errors; without `bind` those that stop a refresh, of the pages only where publishing is strict."""
    examined = examine(workspace, bind)
    return [finding for finding in examined.findings if finding.severity == "error"]
