"""What `okr check` says: definitions first, then the channels' settings, then the report pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.errors import Finding, plain_text, shown_path
from okr_reports.settings import Workspace

if TYPE_CHECKING:
    from okr_reports.common.form_answers import AnswersReader
    from okr_reports.okrs.definitions import Definitions


@dataclass(frozen=True)
class Examination:
    """Every error and warning there is, and the locale that the definitions set (None while they have errors).

    `notes` are what is not read of files, and is right so.
    """

    findings: list[Finding]
    locale: str | None
    notes: list[str] = field(default_factory=list)


def translation_note(workspace: Workspace, locale: str | None) -> str | None:
    """How much of the site is translated into the report's language; None for English, which is what texts are."""
    from okr_reports.report_site.languages import translated
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
    for one in check_files(defined.file_sources, settings.today(chosen.timezone), chosen.currency, defined.uses):
        path, _, line = one.source.defined_at.rpartition(":")
        shown = shown_path(Path(os.path.normpath(one.path)))
        for fault in one.faults:
            yield Finding(path, int(line), "error", plain_text(f"{shown}: {fault}"), fault.todo)
        notes += [f"{shown}: {sentence}" for sentence in one.said]


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
    from okr_reports.report_site.page_cache import was_checked

    defined, found = okrs.check(workspace.definitions_dir, answers=answers_reader(workspace))
    notes: list[str] = []
    if bind and defined is not None:
        found = [*found, *misplaced_sources(defined), *_of_files(defined, notes)]
    locale = defined.settings.locale if defined else None
    said = [*sorted(found), *setting_findings(), *check_settings()]
    is_strict = defined is not None and defined.settings.publish.strict
    if not bind and (not is_strict or was_checked(workspace.page_cache_dir, workspace.reports_dir)):
        return Examination(said, locale, notes)
    snapshot = workspace.snapshot if bind and workspace.snapshot.exists() else None
    pages = check_pages(workspace.reports_dir, snapshot, workspace.page_cache_dir)
    return Examination([*said, *pages], locale, notes)


def errors(workspace: Workspace, bind: bool = True) -> list[Finding]:
    """The errors; without `bind` those that stop a refresh, of the pages only where publishing is strict."""
    examined = examine(workspace, bind)
    return [finding for finding in examined.findings if finding.severity == "error"]
