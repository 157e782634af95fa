"""Targets and limits that were changed after their key result closed: `okr check` says so, from the analysts' copy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.commands.copy_warnings import copy_warnings
from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import Finding

if TYPE_CHECKING:
    from okr_reports.okrs.definitions import Definitions

_CLOSED = """
select key_result_id, period, closed_on, definition
from marts.fct_key_result_final
where is_last and definition is not null
"""


@copy_warnings
def changed_after_close(snapshot: Path, defined: Definitions) -> Iterator[Finding]:
    """Those whose period is closed and not reopened since."""
    from okr_reports.okrs.findings import advice
    from okr_reports.okrs.rows.parts import LINE, definition_of
    from okr_reports.okrs.words import shown

    with open_copy(snapshot) as connection:
        rows = connection.execute(_CLOSED).fetchall()
    closed = {(name, period): (closed_on, json.loads(definition)) for name, period, closed_on, definition in rows}
    for objective, scored in defined.key_results():
        if (scored.id, objective.period) not in closed:
            continue
        closed_on, was = closed[scored.id, objective.period]
        if any(reopening.key_result == scored.id and reopening.on > closed_on for reopening in defined.reopen):
            continue
        now = json.loads(definition_of(scored))
        for key in (name for name in LINE if was.get(name) != now.get(name)):
            what = f"`{key}` of {shown(scored.id)} was changed after it closed on {closed_on}, and counts for nothing"
            todo = "`reopen` closes it anew; else write what it was"
            yield advice(scored.place.path, scored.place.at(key), what, todo)
            break
