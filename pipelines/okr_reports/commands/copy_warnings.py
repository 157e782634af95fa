"""What `okr check` warns of by the analysts' copy: nothing before a first refresh, nothing of a broken copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.errors import Finding, OkrError

if TYPE_CHECKING:
    from okr_reports.okrs.definitions import Definitions


def copy_warnings(
    of: Callable[[Path, Definitions], Iterable[Finding]],
) -> Callable[[Path, Definitions | None], list[Finding]]:
    """`of`: none without a copy, of one that cannot be read (the doctor names it), or of broken definitions."""

    @wraps(of)
    def found(snapshot: Path, defined: Definitions | None) -> list[Finding]:
        if defined is None or not snapshot.exists():
            return []
        try:
            return list(of(snapshot, defined))
        except OkrError:
            return []

    return found
