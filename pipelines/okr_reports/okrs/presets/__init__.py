"""Presets: what is known of a vendor's export, one YAML file each, so that naming it is the whole mapping.

A preset holds the keys of a file source (columns are lists of the names that the column has in every language), and
what `okr add` needs: the title, the kind of channel, the questions that the file itself leaves open, the KPIs. An
installed package brings more by an entry point of the group `okr_reports.presets` that names a package of its own:
every `.yml` in its folder is a preset.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Annotated, Any

from pydantic import Field

from okr_reports.errors import Finding
from okr_reports.okrs.fields import Id, Line, choice, refuse
from okr_reports.okrs.findings import advice
from okr_reports.okrs.models.file_columns import Columns
from okr_reports.okrs.models.file_sources import FileMapping
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import nearest, shown

GROUP = "okr_reports.presets"
_MAY_MISS = {"end_date", "account_id", "campaign_id", "campaign_name", "campaign_group_name", "currency_column"}


class PresetKpi(Located):
    """A KPI that fits the export: a measure, or a ratio of two."""

    id: Id
    title: Line
    measure: Id | None = None
    numerator: Id | None = None
    denominator: Id | None = None
    unit: Annotated[str, *choice("count", "currency", "percent", "days", "number")]
    better: Annotated[str, *choice("higher", "lower", "neutral")]


class Preset(FileMapping):
    """A vendor's export as a mapping.

    `signature` are columns of which a file has one, by which it is recognised. `asks` are the keys that no file of it
    answers. `day` is a column of days that wins over `date` and `end_date`;
    `by_day` says how to export days where a report is of a longer range; `month_first` are the columns of days in which
    9/1/2026 is of September: one person gets the vendor's pages in English today and in French tomorrow.
    """

    id: Id
    title: Line
    kind: Annotated[str, *choice("ads", "analytics", "crm", "email", "social", "shop", "other")]
    channel: Id
    signature: Columns
    asks: list[Annotated[str, *choice("currency", "timezone", "rows", "encoding")]] = Field(default_factory=list)
    day: Columns | None = None
    by_day: Line | None = None
    month_first: list[Line] = Field(default_factory=list)
    note: Line | None = None
    kpis: list[PresetKpi] = Field(default_factory=list)

    def source_fields(self) -> dict[str, Any]:
        """Of a FileSource that names this preset and nothing else."""
        mapped = self.mapped()
        said = {"month_first": tuple(self.month_first), "by_day": self.by_day, "day": self.day}
        return {
            "totals": "skip",
            "currency_auto": True,
            **mapped,
            **{key: value for key, value in said.items() if value},
            # of a vendor's many columns an export holds those that were chosen
            "measures": {name: replace(measure, optional=True) for name, measure in mapped["measures"].items()},
            "may_miss": tuple(sorted({*(mapped.keys() & _MAY_MISS), "totals"})),
        }


def presets() -> dict[str, Preset]:
    """All there are, by id, ours first. Raises OkrError where an installed package's file is no preset."""
    return _all()[0]


def unused_presets() -> list[Finding]:
    """Those of installed packages whose id another has: the first is used."""
    return _all()[1] if entry_points(group=GROUP) else []


@cache
def _all() -> tuple[dict[str, Preset], list[Finding]]:
    found, unused = dict(shipped_presets()), []
    for point in entry_points(group=GROUP):
        for preset in read_presets(point.value):
            first = found.setdefault(preset.id, preset)
            if first is not preset:
                place, other = preset.place, first.place
                what = f"the preset {shown(preset.id)} stands already at {other.path}:{other.at('id')}, which is used"
                todo = f"have the package {point.dist.name if point.dist else point.value} give it another id"
                unused.append(advice(place.path, place.at("id"), what, todo))
    return found, unused


@cache
def shipped_presets() -> dict[str, Preset]:
    """Those of this package, by id."""
    return {preset.id: preset for preset in read_presets(__name__)}


def read_presets(package: str) -> list[Preset]:
    """The presets in a package's folder, by file name. Raises OkrError for a file that is none."""
    found = sorted(files(package).iterdir(), key=lambda file: file.name)
    return [
        _read(file.read_bytes(), f"{package}/{file.name}") for file in found if file.name.endswith((".yml", ".yaml"))
    ]


def find_preset(name: str) -> Preset:
    """Raises what a field raises if there is none of that name."""
    known = presets()
    if name not in known:
        raise refuse(f"there is no preset {shown(name)}", nearest(name, known))
    return known[name]


def _read(data: bytes, path: str) -> Preset:
    from okr_reports.errors import OkrError
    from okr_reports.okrs.entries import read_entry
    from okr_reports.okrs.yaml_reader import read_yaml

    content, findings = read_yaml(data, path)
    if content is not None:
        preset, more = read_entry(Preset, content, path, 1)
        findings += more
        if preset is not None and not findings:
            return preset
    raise OkrError("\n".join(str(finding) for finding in findings) or f"{path} is empty; write a preset there")
