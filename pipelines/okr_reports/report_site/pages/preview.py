"""Pages while they are being written: a mistake is shown in the page, at its place, and the rest is drawn around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jinja2.runtime import Context
from markupsafe import Markup

from okr_reports.report_site.dialect.foreign import foreign_markup
from okr_reports.report_site.dialect.tags import TEMPLATE
from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.formats.markup import Html
from okr_reports.report_site.pages.render import Renderer
from okr_reports.report_site.pages.reports import Page
from okr_reports.report_site.source_files import SourceFile

# mistakes of one page that are shown at their places
MOST = 30


def fault_box(fault: PageFault) -> Html:
    """A mistake as a piece of a page."""
    finding = fault.finding
    place = f"{finding.path.rpartition('pages/')[2] or finding.path}:{finding.line}"
    return Html(
        '<div class="callout bad page-fault" role="alert"><p><strong>{}</strong> {}</p><p class="hint">{}</p></div>'
    ).format(place, finding.what, finding.todo)


class PreviewRenderer(Renderer):
    """A renderer that goes on after a mistake; `shown` are those of the page rendered last."""

    shown: tuple[PageFault, ...] = ()

    def render(self, page: Page, params: Mapping[str, Any], functions: Mapping[str, Any]) -> Markup:
        """The content of one page with its mistakes in it. Raises PageFault for one that has no place in its text."""
        path, self.shown = str(page.file.path), ()
        foreign = list(foreign_markup(page.file, {**self.reports.queries, **page.file.queries}, self.pages.tag_bodies))
        file = page.file
        seen: set[tuple[int, str]] = set()
        boxes: list[Html] = []
        for fault in foreign[:MOST]:
            file = self._noted(file, fault, boxes)
        try:
            for _ in range(MOST):
                self._sources[path] = file
                self.pages.cache.clear() if self.pages.cache is not None else None
                self._known_inputs.pop(path, None)
                try:
                    offered = {**functions, "page_faults": boxes}
                    content = super().render(replace(page, file=file), params, offered)
                    self.shown = tuple({str(fault): fault for fault in (*foreign, *self.shown)}.values())
                    return content
                except PageFault as fault:
                    place = (fault.finding.line, fault.finding.what)
                    before = file.body
                    if fault.finding.path == path:
                        file = self._noted(file, fault, boxes, cut=True, again=place in seen)
                    if file.body == before:
                        raise
                    self.shown = self.shown if place in seen else (*self.shown, fault)
                    seen.add(place)
            raise self.shown[-1]
        finally:
            self._sources[path] = page.file
            self.pages.cache.clear() if self.pages.cache is not None else None

    def _noted(
        self, file: SourceFile, fault: PageFault, boxes: list[Html], cut: bool = False, again: bool = False
    ) -> SourceFile:
        """The file with a mistake's box before its line, or in the place of the tag or expression there.

        `again`: what was cut out of the line before was not it; the next one goes, without another box.
        """
        if not again:
            boxes.append(fault_box(fault))
        # the box has no line of its own: what is below it keeps its number
        inserted = "" if again else f"{{{{ page_faults[{len(boxes) - 1}] }}}}"
        lines = file.body.split("\n")
        at = min(fault.finding.line, len(lines)) - 1
        start = sum(len(line) + 1 for line in lines[:at])
        end = start + len(lines[at])
        if cut:
            for match in TEMPLATE.finditer(file.body):
                if match.start() <= end and match.end() >= start and not match[0].startswith("{{ page_faults"):
                    start, end = match.start(), match.end()
                    break
        kept = "\n" * file.body.count("\n", start, end)
        text = file.body[:start] + inserted + (kept if cut else "") + file.body[end if cut else start :]
        return replace(file, body=text)

    def _finalize(self, value: Any) -> Any:
        if isinstance(value, Html) and "page-fault" in value:
            return self._drawing.slots.put(value, block=True)
        return super()._finalize(value)

    def _page_tag(
        self, context: Context, tag: str, given: dict[str, Any], lines: dict[str, int], line: int,
        caller: Callable[[], Any] | None,
    ) -> Markup:  # fmt: skip
        try:
            return super()._page_tag(context, tag, given, lines, line, caller)
        except PageFault as fault:
            self.shown = (*self.shown, fault)
            return self._drawing.slots.put(fault_box(fault), block=True)
