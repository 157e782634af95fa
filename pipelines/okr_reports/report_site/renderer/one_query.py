"""One SELECT of somebody who is not trusted with the machine, behind the walls that queries of pages have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okr_reports.errors import OkrError
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.renderer.client import Job, Made, one_renderer

MOST_BYTES = 500_000


@dataclass(frozen=True)
class Rows:
    """Columns, rows in JSON's types, and whether there were more."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool


def ask(snapshot: Path, sql: str, limits: Limits) -> Rows:
    """The answer of the copy to a statement. Raises OkrError for one that is refused, wrong, or over a limit."""
    job = Job(snapshot, snapshot, None, limits, purpose="query", sql=sql)
    made = Made()
    ended, _ = one_renderer(job, made)
    if made.findings:
        finding = next(iter(made.findings))
        raise OkrError(f"{finding.what}; {finding.todo}")
    if ended != "end" or made.answer is None:
        most = f"{limits.seconds:g} s or {limits.memory_mb:,} MB"
        raise OkrError(f"the statement took more than {most} and was stopped; read fewer rows, join less, sum in SQL")
    if len(made.answer) > MOST_BYTES:
        kb = len(made.answer) // 1000
        raise OkrError(
            f"the answer has {kb:,} kB, more than {MOST_BYTES // 1000:,}; select fewer columns, shorter texts"
        )
    return Rows(**json.loads(made.answer))
