"""The definitions of objectives, key results and KPIs: read from YAML, checked, and landed as rows.

Importing this costs nothing; pydantic and PyYAML are imported by the first call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr_reports.common.form_answers import AnswersReader
    from okr_reports.errors import Finding
    from okr_reports.okrs.definitions import Definitions

__all__ = ["check", "read"]


def check(
    definitions_dir: Path,
    *,
    today: date | None = None,
    answers: AnswersReader | None = None,
    instead: Mapping[Path, bytes] | None = None,
) -> tuple[Definitions | None, list[Finding]]:
    """All definitions below the folder and every finding of all files, sorted by place.

    The definitions are None if any finding is an error. `today` is the day that running periods and stale check-ins
    are judged by; None is the clock, or OKR_TODAY, in the reporting time zone. `answers` reads the forms of
    `check_in_sources`, whose check-ins come before the written ones, so that of one day the written one counts.
    `instead` has what files of the folder, or new ones, are to hold: an edit is checked before it is written.
    Raises OkrError if OKR_TODAY is no date.
    """
    from okr_reports.catalogue import channels
    from okr_reports.okrs.answers import read_answers
    from okr_reports.okrs.lints import Context, lint
    from okr_reports.okrs.reading import read_folder
    from okr_reports.settings import channels_with_settings
    from okr_reports.settings import today as today_in

    reading = read_folder(definitions_dir, instead)
    defined = reading.definitions
    today = today or today_in(defined.settings.timezone)
    if answers and defined.check_in_sources:
        unsure = reading.unreadable or bool(reading.broken["objectives"] or reading.broken["key_results"])
        given, troubles = read_answers(defined, answers, today, unsure)
        defined = replace(defined, check_ins=[*given, *defined.check_ins])
        reading.findings += troubles
    context = Context(
        definitions=defined,
        channels=channels(),
        today=today,
        broken=reading.broken,
        complete=not reading.unreadable,
        on=channels_with_settings(),
    )
    findings = sorted({*reading.findings, *lint(context)})
    usable = all(finding.severity != "error" for finding in findings)
    return (defined if usable else None), findings


def read(definitions_dir: Path, *, answers: AnswersReader | None = None) -> Definitions:
    """The definitions below the folder. Raises DefinitionsError, with every finding, if there is any error."""
    from okr_reports.errors import DefinitionsError

    definitions, findings = check(definitions_dir, answers=answers)
    if definitions is None:
        raise DefinitionsError(findings)
    return definitions
