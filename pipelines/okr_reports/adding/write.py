"""The definitions that `okr add` writes: one YAML file of the source and its KPIs, checked before it stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from okr_reports import okrs
from okr_reports.adding.dialog import Added
from okr_reports.errors import OkrError, shown_path
from okr_reports.file_places import lies_within, places
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.words import from_id
from okr_reports.okrs.written import flow

SOURCES, IMPORTS = "sources", "imports"
_HEADER = "# yaml-language-server: $schema=../okr.schema.json\n"


def write(added: Added, definitions_dir: Path, defined: Definitions) -> Path:
    """Put the file where definitions may read it, write the entry and the KPIs that fit; the new file's path.

    Raises OkrError, and leaves nothing, if the id is taken or `okr check` would find a mistake in what is written.
    """
    name = added.entry["id"]
    if any(source.id == name for source in defined.file_sources):
        raise OkrError(f"there is a file source {name} already; give another --id")
    path = definitions_dir / SOURCES / f"{name}.yml"
    if path.exists():
        raise OkrError(f"{shown_path(path)} is there already; give another --id")
    before = _mistakes(definitions_dir)
    file, is_copied = _bring(added.path, definitions_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        added.entry["path"] = _relative(file, path.parent)
        path.write_text(_HEADER + as_yaml(added, defined), encoding="utf-8")
        new = [mistake for mistake in _mistakes(definitions_dir) if mistake not in before]
        if new:
            raise OkrError("\n".join(new))
    except BaseException:
        path.unlink(missing_ok=True)
        if is_copied:
            file.unlink(missing_ok=True)
        raise
    return path


def _mistakes(definitions_dir: Path) -> list[str]:
    return [str(finding) for finding in okrs.check(definitions_dir)[1] if finding.severity == "error"]


def _bring(path: Path, definitions_dir: Path) -> tuple[Path, bool]:
    """The file where it may be read: itself, or a copy below the definitions; and whether that was made now."""
    if lies_within(path, places(definitions_dir)):
        return path, False
    folder = definitions_dir / IMPORTS
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    if target.exists():
        if target.read_bytes() != path.read_bytes():
            raise OkrError(f"{shown_path(target)} is there already and differs; rename the file")
        return target, False
    shutil.copyfile(path, target)
    return target, True


def _relative(path: Path, folder: Path) -> str:
    real = Path(os.path.realpath(path))
    return Path(os.path.relpath(real, os.path.realpath(folder))).as_posix()


def as_yaml(added: Added, defined: Definitions) -> str:
    """The file's text."""
    entry = "\n".join(f"    {key}: {flow(value)}" for key, value in added.entry.items())
    text = f"file_sources:\n{entry.replace('    id:', '  - id:', 1)}\n"
    kpis = "\n".join(f"  - {flow(kpi)}" for kpi in kpis_of(added, defined))
    return f"{text}kpis:\n{kpis}\n" if kpis else text


def kpis_of(added: Added, defined: Definitions) -> Iterator[dict[str, Any]]:
    """The preset's KPIs whose measures the file has, else one for each measure; ids that are taken are left out."""
    yield from (kpi for kpi in _kpis(added) if kpi["id"] not in defined.kpi_by_id)


def kpis_kept(added: Added, defined: Definitions) -> list[str]:
    """Those of them that are there already and stay as they are: id and place."""
    known = [defined.kpi_by_id.get(kpi["id"]) for kpi in _kpis(added)]
    return [f"{kpi.id} ({kpi.place.path}:{kpi.place.at('id')})" for kpi in known if kpi is not None]


def _kpis(added: Added) -> Iterator[dict[str, Any]]:
    channel, there = added.entry["channel"], set(added.facts.measures)
    for kpi in _fitting(added, there):
        name = f"{channel}_{kpi.pop('id')}"[:63]
        yield {"id": name, **kpi, "where": {"channel": channel}}


def _fitting(added: Added, there: set[str]) -> Iterator[dict[str, Any]]:
    if added.preset is not None:
        for kpi in added.preset.kpis:
            needed = {measure for measure in (kpi.measure, kpi.numerator, kpi.denominator) if measure}
            if needed <= there:
                parts: dict[str, Any] = (
                    {"measure": kpi.measure}
                    if kpi.measure
                    else {"numerator": kpi.numerator, "denominator": kpi.denominator}
                )
                kind = "flow" if kpi.measure else "ratio"
                yield {"id": kpi.id, "title": kpi.title, "kind": kind, **parts, "unit": kpi.unit, "better": kpi.better}
        return
    for measure in added.facts.measures:
        title = f"{from_id(added.entry['channel'])}: {from_id(measure).lower()}"
        unit = "currency" if added.is_amount(measure) else "number"
        kind = "stock" if measure in added.stocks else "flow"
        yield {"id": measure, "title": title, "kind": kind, "measure": measure, "unit": unit, "better": "neutral"}
