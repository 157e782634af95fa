"""The one Jinja environment of this room: what is HTML is escaped, texts come from the language's catalogue."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from okr_reports.deliveries.wording import TEMPLATES, catalogue


@cache
def environment(language: str) -> Environment:
    """Templates are this package's files; data is only ever a value in them."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    found.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    return found
