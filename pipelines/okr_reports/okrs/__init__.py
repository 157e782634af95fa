"""The definitions of objectives, key results and KPIs: read from YAML, checked, and landed as rows.

Importing this costs nothing; pydantic and PyYAML are imported by the first call.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr_reports.errors import Finding
    from okr_reports.okrs.definitions import Definitions

__all__ = ["check", "read"]


def check(definitions_dir: Path, *, today: date | None = None) -> tuple[Definitions | None, list[Finding]]:
    """All definitions below the folder and every finding of all files, sorted by place.

    The definitions are None if any finding is an error. `today` is the day that running periods and stale check-ins
    are told by; None is the clock, or OKR_TODAY, in the reporting time zone. Raises OkrError if OKR_TODAY is no date.
    """
    from okr_reports.catalogue import channels
    from okr_reports.okrs.lints import Context, lint
    from okr_reports.okrs.reading import read_folder
    from okr_reports.settings import today as today_in

    reading = read_folder(definitions_dir)
    context = Context(
        definitions=reading.definitions,
        channels=channels(),
        today=today or today_in(reading.definitions.settings.timezone),
        broken=reading.broken,
        complete=not reading.unreadable,
    )
    findings = sorted({*reading.findings, *lint(context)})
    usable = all(finding.severity != "error" for finding in findings)
    return (reading.definitions if usable else None), findings


def read(definitions_dir: Path) -> Definitions:
    """The definitions below the folder. Raises DefinitionsError, with every finding, if there is any error."""
    from okr_reports.errors import DefinitionsError

    definitions, findings = check(definitions_dir)
    if definitions is None:
        raise DefinitionsError(findings)
    return definitions
