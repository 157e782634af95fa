"""The stages of a refresh, each a function over one workspace; defs/ shows them in Dagster, in this order.

definitions -> channels -> models -> health gate -> snapshot -> site -> outcome. A stage reads what the one before
left in the warehouse, never its Python objects, so each can be run again by itself.
"""

from okr_reports.refresh.channels import check_request, load_channels
from okr_reports.refresh.definitions import check, closing_periods, land_definitions
from okr_reports.refresh.deliveries import copy_site, send_digests, tell_of_kpis
from okr_reports.refresh.models import build_models, evaluate_gate, require_open_gate
from okr_reports.refresh.site import (
    Publication,
    model_faults,
    page_faults,
    publish_as_of,
    publish_site,
    settings_not_reported,
    table_faults,
    write_page_faults,
    write_snapshot,
)

__all__ = [
    "Publication",
    "build_models",
    "check",
    "check_request",
    "closing_periods",
    "copy_site",
    "evaluate_gate",
    "land_definitions",
    "load_channels",
    "model_faults",
    "page_faults",
    "publish_as_of",
    "publish_site",
    "require_open_gate",
    "send_digests",
    "settings_not_reported",
    "table_faults",
    "tell_of_kpis",
    "write_page_faults",
    "write_snapshot",
]
