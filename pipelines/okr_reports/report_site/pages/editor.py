"""What an editor needs to help with pages: tags with their attributes, keys of front matters, tables with columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from okr_reports.report_site.dialect.attribute_sets import NO_EFFECT
from okr_reports.report_site.dialect.components import Component
from okr_reports.report_site.dialect.date_ranges import RANGES
from okr_reports.report_site.formats.format_codes import KNOWN
from okr_reports.report_site.pages.reports import PAGE_KEYS, WIDTHS, read_reports
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.shaping import GRAINS, SEASONS

TEMPLATES = Path(__file__).parents[1] / "builtin" / "page_templates"
_KINDS = {str: "string", bool: "boolean", int: "integer"}


def page_schema(reports_dir: Path, snapshot: Path | None) -> dict[str, Any]:
    """The language of pages as JSON: with the workspace's own components, and the tables of the copy if it is there.

    `tags`: about, group, pair (whether it has an end), parents, attributes with type, required, default, values.
    `tables`: columns with their types. `queries`: the shared ones and those of each page.
    """
    reports = read_reports(reports_dir)
    tables: dict[str, dict[str, str]] = {}
    if snapshot is not None and snapshot.is_file():
        with Reader(snapshot) as reader:
            for table, column, kind, _ in reader.shapes():
                tables.setdefault(table, {})[column] = kind
    pages = {
        str(page.file.path): {"route": page.route, "queries": sorted(page.file.queries)}
        for page in (*reports.pages, *reports.unread)
    }
    return {
        "version": 1,
        "front_matter": {
            key: {"type": _KINDS[kind], **({"values": list(WIDTHS)} if key == "page_width" else {})}
            for key, kind in PAGE_KEYS.items()
        },
        "tags": {
            name: _tag(component)
            for name, component in sorted(reports.components.items())
            if component.group != "internal"
        },
        "without_effect": dict(sorted(NO_EFFECT.items())),
        "formats": list(KNOWN),
        "date_ranges": list(RANGES),
        "date_grains": [*GRAINS, *SEASONS],
        "tables": tables,
        "queries": sorted(reports.queries),
        "partials": sorted(reports.partials),
        "pages": pages,
    }


def _tag(component: Component) -> dict[str, Any]:
    return {
        "about": component.about,
        "group": component.group,
        "pair": component.has_body,
        "parents": list(component.child_of),
        "needs": [list(names) for names in component.needs],
        "attributes": {
            name: {
                "type": attribute.type,
                "required": attribute.required,
                **({"about": attribute.about} if attribute.about else {}),
                **({"default": attribute.default} if attribute.default is not None else {}),
                **({"values": list(attribute.values)} if attribute.values else {}),
                **({"fields": list(attribute.fields)} if attribute.fields else {}),
            }
            for name, attribute in component.attributes.items()
        },
    }


def page_templates() -> Mapping[str, Path]:
    """The templates of `okr pages new` by their names."""
    return {path.stem: path for path in sorted(TEMPLATES.glob("*.md"))}


def new_page(reports_dir: Path, route: str, template: str, title: str) -> Path:
    """Write a page from a template and return its path. Raises FileExistsError rather than replace one."""
    path = reports_dir / "pages" / f"{route}.md"
    quoted = json.dumps(title, ensure_ascii=False) if re.search(r"[^\w ]", title) else title
    text = page_templates()[template].read_text(encoding="utf-8")
    text = text.replace("YAML_TITLE", quoted).replace("TITLE", title)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
