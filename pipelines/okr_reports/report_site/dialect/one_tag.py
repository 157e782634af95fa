"""Reads one tag outside of a page: what its attributes are, as far as its text says so."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2.exceptions import TemplateSyntaxError

from okr_reports.report_site.dialect.components import Component
from okr_reports.report_site.dialect.tags import Sandbox, TagUse


class TagReader:
    """Reads tags of these components."""

    def __init__(self, components: Mapping[str, Component]) -> None:
        bodies = {component.name: component.has_body for component in components.values()}
        self._sandbox = Sandbox(bodies, lambda *_: "")

    def read(self, text: str) -> TagUse | None:
        """The first tag of a text, or None where it cannot be read."""
        try:
            self._sandbox.parse(text, name="page.md")
        except TemplateSyntaxError:
            return None
        return self._sandbox.uses[0] if self._sandbox.uses else None
