"""The library part of `okr mute`: one entry of `mutes` becomes one new file under `okr_definitions/mutes/`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from okr_reports.errors import OkrError, shown_path
from okr_reports.okrs.check_in import HEADER
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.models.alerts import Mute
from okr_reports.okrs.words import nearest, shown
from okr_reports.okrs.written import quoted
from okr_reports.okrs.yaml_reader import Mapping, read_yaml

FOLDER = "mutes"


def write_mute(
    definitions_dir: Path, definitions: Definitions, *, kpi: str, until: date | None, reason: str | None, today: date
) -> Path:
    """Write the entry to a file of its own and return its path; no file that exists is touched.

    Raises OkrError, and writes nothing, for a KPI that does not exist, a day that is over, and what is muted already.
    """
    if kpi not in definitions.kpi_by_id:
        raise OkrError(f"the KPI {shown(kpi)} does not exist; {nearest(kpi, definitions.kpi_by_id)}")
    if until is not None and until < today:
        raise OkrError(f"{until} is over, today is {today}; give the last day that shall raise no alert")
    for mute in definitions.mutes:
        if mute.kpi == kpi and (mute.until is None or (until is not None and until <= mute.until)):
            through = f"through {mute.until}" if mute.until else "without an end"
            raise OkrError(f"{kpi} is muted {through} already at {mute.place.path}:{mute.place.line}; change it there")
    path = definitions_dir / FOLDER / f"{kpi}_{until or 'always'}.yml"
    lines = [f"  - kpi: {kpi}"]
    if until is not None:
        lines.append(f"    until: {until}")
    if reason and reason.strip():
        lines.append(f"    reason: {quoted(' '.join(reason.split()))}")
    text = HEADER + "mutes:\n" + "\n".join(lines) + "\n"
    content, findings = read_yaml(text.encode("utf-8", "surrogatepass"), str(shown_path(path)))
    if isinstance(content, Mapping):
        findings = [*findings, *read_entry(Mute, content["mutes"][0], str(shown_path(path)), 3)[1]]
    if findings:
        reasons = "; ".join(f"{finding.what} ({finding.todo})" for finding in findings)
        raise OkrError(f"nothing was written: {reasons}")
    if path.exists() or path.is_symlink():
        raise OkrError(f"{shown_path(path)} is there already; change it, or remove it first")
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path
