"""`okr diff`: what the definitions will do that they did not do at a git revision; what `okr check` says beforehand."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.errors import OkrError
from okr_reports.okrs.changes import Known, changes
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.reading import read_folder
from okr_reports.settings import Workspace, today

# A large repository on a slow disk; a review must not hang on it.
TIMEOUT_SECONDS = 60
_NAMES = ("account_name", "campaign_name", "campaign_group_name")


def diff(workspace: Workspace, reference: str) -> list[str]:
    """What the definitions change against a git revision, a sentence each.

    Raises OkrError if git or the revision cannot be read.
    """
    after = read_folder(workspace.definitions_dir).definitions
    return compared(workspace, _at(workspace.definitions_dir, reference), after)


def uncommitted(workspace: Workspace) -> list[str]:
    """The same against the last commit; nothing where there is none, or no git."""
    try:
        return diff(workspace, "HEAD")
    except OkrError:
        return []


def as_markdown(lines: list[str], reference: str) -> str:
    """What a pull request shows."""
    if not lines:
        return f"### OKR definitions\n\nNothing that moves a number has changed since `{reference}`.\n"
    return f"### OKR definitions: what changes since `{reference}`\n\n" + "".join(f"- {line}\n" for line in lines)


def compared(workspace: Workspace, before: Definitions, after: Definitions) -> list[str]:
    """What one state of the definitions does that another did not, a sentence each."""
    return changes(before, after, today(after.settings.timezone), _known(workspace.snapshot))


def _at(definitions_dir: Path, reference: str) -> Definitions:
    if reference.startswith("-"):
        raise OkrError(f"{reference!r} is not a revision of git; name a branch, a tag or a commit")
    try:
        # Run below the folder, so that only it is packed.
        packed = subprocess.run(
            ["git", "-C", str(definitions_dir), "archive", "--format=tar", reference],
            capture_output=True, timeout=TIMEOUT_SECONDS, check=True,
        ).stdout  # fmt: skip
    except FileNotFoundError:
        raise OkrError("git is not installed, and only it knows what definitions were; install it") from None
    except subprocess.TimeoutExpired:
        raise OkrError(f"git took more than {TIMEOUT_SECONDS} s to read {reference}; try again") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        what = f"{definitions_dir} at {reference} cannot be read from git ({' '.join(said)})"
        raise OkrError(f"{what}; name a revision in which the folder is committed (CI: fetch its history)") from None
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
        return read_folder(Path(folder)).definitions


def _known(snapshot: Path) -> Known:
    """What the last report knows; nothing where there is none, or one of an older version."""
    if not snapshot.exists():
        return Known()
    try:
        with duckdb.connect(str(snapshot), read_only=True) as connection:
            values = dict(connection.execute("select key_result_id, value from marts.key_results").fetchall())
            closed: dict[tuple[str, str], date] = {
                (name, period): day
                for name, period, day in connection.execute(
                    "select key_result_id, period, max(closed_on) from marts.fct_key_result_final group by all"
                ).fetchall()
            }
    except duckdb.Error:
        return Known()
    return Known(values, closed, partial(_estimate, snapshot))


def _estimate(snapshot: Path, kpi: Kpi, start: date, end: date, pauses: Sequence[tuple[date, date]]) -> float | None:
    """A flow or ratio over the days of the last report; what needs files or readings is left to a refresh."""
    conditions = kpi.where.items()
    if (
        kpi.model
        or kpi.kind not in ("flow", "ratio")
        or kpi.names
        or any(name == "source_file" for name, _ in conditions)
    ):
        return None
    tests, values = [], []
    for name, condition in conditions:
        column = f"names.{name}" if name in _NAMES else f"m.{name}"
        like = condition.operator.endswith("like")
        # `_` is a character here, as in `where`.
        test = f"{column} like ? escape '\\'" if like else f"{column} = ?"
        met = " or ".join([test] * len(condition.values))
        tests.append(f"not coalesce({met}, false)" if condition.operator.startswith("not") else f"({met})")
        values += [value.replace("\\", "\\\\").replace("_", "\\_") if like else value for value in condition.values]
    paused = ["m.date not between ? and ?"] * len(pauses)
    shown = " and ".join(["m.date between ? and ?", *paused, *tests])
    query = f"""
        with names as (
            select date, channel, account_id, campaign_id,
                {", ".join(f"any_value({name}) as {name}" for name in _NAMES)}
            from marts.fct_ad_daily group by all
        )
        select sum(m.value) filter (where m.measure = ?)::double, sum(m.value) filter (where m.measure = ?)::double
        from marts.fct_measure_daily as m left join names using (date, channel, account_id, campaign_id)
        where {shown}
    """
    upper, lower = (kpi.numerator, kpi.denominator) if kpi.kind == "ratio" else (kpi.measure, None)
    parameters: list[Any] = [upper, lower, start, end, *(day for pause in pauses for day in pause), *values]
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        row: tuple[float | None, float | None] | None = connection.execute(query, parameters).fetchone()
    above, below = row or (None, None)
    if kpi.kind == "flow":
        return above
    return above / below if above is not None and below else None
