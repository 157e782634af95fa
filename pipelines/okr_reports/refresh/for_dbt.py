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

_SEMANTIC_MODEL = {
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
    from okr_reports.report_site.lineage import marts_of_pages

    models = {table.id: table.model for table in defined.tables if table.model}
    pages = marts_of_pages(workspace.reports_dir, models)
    return {
        "exposures": [
            {
                "name": "page_" + re.sub(r"\W+", "_", page, flags=re.ASCII).strip("_"),
                "label": page,
                "type": "dashboard",
                "owner": {"name": defined.settings.organisation},
                "depends_on": [f"ref('{models.get(name, name)}')" for name in tables],
            }
            for page, tables in pages.items()
        ]
    }


def semantic_layer(defined: Definitions) -> dict[str, Any]:
    """MetricFlow's semantic model of `fct_kpi_daily`, and a metric of each KPI."""
    taken = {kpi.id for kpi in defined.kpis}
    metrics = [metric for kpi in defined.kpis for metric in _metrics(kpi, taken)]
    return {"semantic_models": [_SEMANTIC_MODEL], "metrics": metrics} if metrics else {}


def _metrics(kpi: Kpi, taken: set[str]) -> Iterator[dict[str, Any]]:
    from okr_reports.okrs.rows.parts import kpi_title

    title = kpi_title(kpi).in_language("en")

    def simple(name: str, label: str, measure: str) -> dict[str, Any]:
        only = "{{ Dimension('kpi_day__kpi_id') }} = '" + kpi.id + "'"
        return {"name": name, "label": label, "type": "simple", "type_params": {"measure": measure}, "filter": only}

    if kpi.kind == "ratio":
        parts = {}
        for part in ("numerator", "denominator"):
            name = f"{kpi.id}_{part}"
            parts[part] = f"{name}_of_ratio" if name in taken else name
            yield simple(parts[part], f"{title}: {part}", f"kpi_{part}")
        yield {"name": kpi.id, "label": title, "type": "ratio", "type_params": parts}
    elif kpi.kind != "distinct":
        yield simple(kpi.id, title, "kpi_reading" if kpi.kind == "stock" else "kpi_numerator")
