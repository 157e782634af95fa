"""What dbt is given of definitions and pages: KPIs over models, an exposure a page, and a semantic layer of the KPIs.

A metric of the semantic layer (MetricFlow) is a KPI's number over any interval: the sum of a flow, the quotient of sums
of a ratio, the last reading of a stock. A distinct count has no metric, since its days cannot be added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from okr_reports.settings import Workspace
from okr_reports.warehouse import own_models

if TYPE_CHECKING:
    from okr_reports.okrs.definitions import Definitions
    from okr_reports.okrs.models.kpis import Kpi

# names that MetricFlow keeps for itself: the grains of time and the time of a metric
_RESERVED = frozenset({
    "nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year",
    "metric_time", "mf_internal_uuid",
})  # fmt: skip
_SEMANTIC_MODEL: dict[str, Any] = {
    "name": "kpi_days",
    "description": "Every KPI by day. One row per KPI and date.",
    "model": "ref('fct_kpi_daily')",
    "defaults": {"agg_time_dimension": "date"},
    "entities": [{"name": "kpi_day", "type": "primary", "expr": "kpi_id || ' ' || date"}],
    "dimensions": [
        {"name": "kpi_id", "type": "categorical"},
        {"name": "date", "type": "time", "type_params": {"time_granularity": "day"}},
    ],
    "measures": [
        {"name": "kpi_numerator", "agg": "sum", "expr": "numerator"},
        {"name": "kpi_denominator", "agg": "sum", "expr": "denominator"},
        {
            "name": "kpi_reading",
            "agg": "sum",
            "expr": "numerator",
            "non_additive_dimension": {"name": "date", "window_choice": "max"},
        },
    ],
}


def write_for_dbt(workspace: Workspace, defined: Definitions) -> None:
    """Write it into the data folder, where it has changed: dbt parses anew what is newer."""
    import yaml

    from okr_reports.okrs.rows.frame import model_kpis

    texts = {
        "model_kpis.json": json.dumps(model_kpis(defined)),
        "exposures.yml": yaml.safe_dump(exposures(workspace, defined), allow_unicode=True, sort_keys=False),
        "semantic_layer.yml": yaml.safe_dump(semantic_layer(defined), allow_unicode=True, sort_keys=False),
    }
    folder = own_models.generated_dir(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def exposures(workspace: Workspace, defined: Definitions) -> dict[str, Any]:
    """dbt's exposures: each page file with the marts, and the models of one's own, that it reads."""
    from okr_reports.report_site.pages.lineage import marts_of_pages

    models = {table.id: table.model for table in defined.tables if table.model}
    taken: set[str] = set()
    return {
        "exposures": [
            {
                "name": _free("page_" + re.sub(r"\W+", "_", page, flags=re.ASCII).strip("_"), taken),
                "label": _no_jinja(page),
                "type": "dashboard",
                "owner": {"name": _no_jinja(defined.settings.organisation)},
                "depends_on": [f"ref('{models.get(name, name)}')" for name in tables],
            }
            for page, tables in marts_of_pages(workspace.reports_dir, models).items()
        ]
    }


def semantic_layer(defined: Definitions) -> dict[str, Any]:
    """MetricFlow's semantic model of `fct_kpi_daily`, and a metric of each KPI.

    A metric has the id of its KPI, or one made from it where MetricFlow admits no such name (dbt_semantic_interfaces:
    UniqueAndValidNameRule); its label is the title, with the name behind it where another has that title.
    """
    names, labels = {*_RESERVED, *_elements()}, set[str]()
    named = {kpi.id: _free(_metric_name(kpi.id), names) for kpi in defined.kpis}
    metrics = [metric for kpi in defined.kpis for metric in _metrics(kpi, named[kpi.id], names)]
    for metric in metrics:
        label = metric["label"] if metric["label"] not in labels else f"{metric['label']} ({metric['name']})"
        metric["label"] = _free(label, labels)
    return {"semantic_models": [_SEMANTIC_MODEL], "metrics": metrics} if metrics else {}


def _elements() -> Iterator[str]:
    yield str(_SEMANTIC_MODEL["name"])
    for kind in ("entities", "dimensions", "measures"):
        yield from (element["name"] for element in _SEMANTIC_MODEL[kind])


def _metric_name(kpi_id: str) -> str:
    name = re.sub("_+", "_", kpi_id).strip("_")
    return name if len(name) > 1 and name not in _RESERVED else f"kpi_{name}"


def _free(name: str, taken: set[str]) -> str:
    """`name`, or the first of `name_2`, `name_3`... that is not taken; it is from now on."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


def _no_jinja(text: str) -> str:
    """dbt renders every text of its YAML as a template."""
    return re.sub(r"\{(?=[{%#])", "{ ", text)


def _metrics(kpi: Kpi, metric: str, names: set[str]) -> Iterator[dict[str, Any]]:
    from okr_reports.okrs.rows.parts import kpi_title

    title = _no_jinja(kpi_title(kpi).in_language("en"))

    def simple(name: str, label: str, measure: str) -> dict[str, Any]:
        only = "{{ Dimension('kpi_day__kpi_id') }} = '" + kpi.id + "'"
        return {"name": name, "label": label, "type": "simple", "type_params": {"measure": measure}, "filter": only}

    if kpi.kind == "ratio":
        parts = {part: _free(f"{metric}_{part}", names) for part in ("numerator", "denominator")}
        for part, name in parts.items():
            yield simple(name, f"{title}: {part}", f"kpi_{part}")
        yield {"name": metric, "label": title, "type": "ratio", "type_params": parts}
    elif kpi.kind != "distinct":
        yield simple(metric, title, "kpi_reading" if kpi.kind == "stock" else "kpi_numerator")
