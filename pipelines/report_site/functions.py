"""What pages and components may call. Everything returns plain values, or Markup made by our own drawing code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import escape

from pipelines.report_site import okr_words
from pipelines.report_site.assets import Assets
from pipelines.report_site.chart_functions import ChartFunctions
from pipelines.report_site.charts.data import readable
from pipelines.report_site.comparison import Comparison, compare
from pipelines.report_site.components import Component
from pipelines.report_site.database import Row
from pipelines.report_site.downloads import Downloads
from pipelines.report_site.faults import BadValue, choose
from pipelines.report_site.formats import UNIT_CODES, Formatter
from pipelines.report_site.languages import Language
from pipelines.report_site.markup import Html
from pipelines.report_site.prose import render_note
from pipelines.report_site.routes import SiteMap, asset, relative, segment
from pipelines.report_site.shaping import Measure, Rows, Shape, named_range, range_before
from pipelines.report_site.table_view import table_view
from pipelines.report_site.words import status_word


@dataclass
class Functions:
    """The functions of one page: links are relative to its `route`."""

    route: str
    site: SiteMap
    context: Row
    formatter: Formatter
    language: Language
    downloads: Downloads
    page_title: str
    assets: Assets
    components: Mapping[str, Component]

    def all(self) -> dict[str, Any]:
        """By the names templates use."""
        charts = ChartFunctions(self.formatter, self.language).all()
        return (
            {name: getattr(self, name) for name in EXPOSED}
            | charts
            | {
                "t": self.language.text,
                "tn": self.language.plural,
                "context": self.context,
                "note": render_note,
                "route": self.route,
                "readable": readable,
                "page_title": self.page_title,
                "text_direction": self.formatter.locale.text_direction,
            }
        )

    def link(self, *parts: Any) -> str:
        """The address of a page, relative to this one; '' when there is no such page."""
        route = self.site.find(*parts)
        return "" if route is None else relative(self.route, route)

    def linked(self, text: Any, *parts: Any) -> Html:
        """The text as a link to a page, or as it is when there is no such page."""
        address = self.link(*parts)
        return Html('<a href="{}">{}</a>').format(address, text) if address else Html(escape(text))

    def asset(self, path: str) -> str:
        return asset(self.route, path)

    def status_word(self, status: str | None) -> str:
        return status_word(self.language, status)

    def unit(self, value: Any, unit: str | None) -> str:
        """A value with the unit of its KPI or key result."""
        return self.formatter.unit(value, unit)

    def component_info(self, name: str) -> Component:
        """A component as its file describes it, for the gallery."""
        if name not in self.components:
            raise BadValue(f"there is no component {name!r}", choose(name, self.components, "components"))
        return self.components[name]

    def compare(self, value: Any, base: Any, better: str = "neutral", neutral_range: float = 0.0) -> Comparison:
        return compare(value, base, better, neutral_range)

    def delta_text(self, one: Comparison, display: str = "pct", fmt: str = "auto", pct_fmt: str = "pct1") -> str:
        """A comparison with its sign: a share (n/a on a zero base) or an amount."""
        if one.move == "unknown":
            return self.language.text("n/a")
        if display == "abs":
            assert one.change is not None
            return _sign(one.change) + self.formatter.format(abs(one.change), fmt)
        if one.share is None:
            return self.language.text("n/a")
        return _sign(one.share) + self.formatter.format(abs(one.share), pct_fmt)

    def date_range(self, given: Any) -> tuple[date, date] | None:
        """First and last day of an attribute `date_range`: a text, or an object with `range`."""
        text = given.get("range") if isinstance(given, Mapping) else given
        return None if not text else named_range(str(text), self.context["data_through"])

    def shaped(
        self,
        data: Rows,
        dimensions: Sequence[str] = (),
        measures: Any = (),
        where: str | None = None,
        order: str | None = None,
        limit: int | None = None,
        date_grain: str | None = None,
        date_range: Any = None,
        x: str | None = None,
    ) -> Rows:
        """Rows grouped, filtered and cut as a tag asks."""
        column = date_range.get("date") if isinstance(date_range, Mapping) else None
        column = column or x or (dimensions[0] if dimensions else "date")
        days = self.date_range(date_range)
        wanted = [measures] if isinstance(measures, str) else list(measures)
        return data.shaped(
            Shape(tuple(one for one in dimensions if one), tuple(wanted), where, order, limit, date_grain, column, days)
        )

    def rows_between(self, data: Rows, measures: Any, date_range: Any, compare_vs: str, where: str | None) -> Rows:
        """The same measures over the range that `compare_vs` names."""
        days = self.date_range(date_range)
        if days is None:
            what = f"compare_vs={compare_vs!r} needs to know which days"
            raise BadValue(what, 'add date_range={ range="last 28 days" date="date" }')
        before = range_before(days, compare_vs)
        wanted = [measures] if isinstance(measures, str) else list(measures)
        column = date_range.get("date", "date") if isinstance(date_range, Mapping) else "date"
        return data.shaped(Shape((), tuple(wanted), where, None, None, None, column, before))

    def names_of(self, _rows: Rows, written: Sequence[str]) -> list[str]:
        """The result columns of columns or aggregates as written in a tag."""
        return [Measure.of(one).name for one in written]

    def target_of(self, data: Rows, target: Any) -> Any:
        """A target to compare with: a number, a column or an aggregate of the query."""
        if not isinstance(target, str):
            return target
        rows = data.shaped(Shape((), (target,)))
        return rows.first[Measure.of(target).name] if rows.first else None

    def share_of(self, part: Any, whole: Any) -> float | None:
        return None if part is None or not whole else float(part) / float(whole)

    def level_of(self, share: float | None, thresholds: Sequence[float], lower_is_better: bool) -> str:
        """The status whose colour a share takes between two thresholds."""
        if share is None:
            return "no_data"
        rank = sum(share >= limit for limit in thresholds[:2])
        return ("on_track", "at_risk", "off_track")[rank if lower_is_better else 2 - rank]

    def address_of(self, url: str) -> str:
        """A page of the site or an https address. Raises BadValue for anything else."""
        if url.startswith(("https://", "mailto:")):
            return url
        return relative(self.route, self.site.need(url))

    def image_of(self, name: str) -> str:
        if name not in self.assets.images:
            raise BadValue(f"there is no image {name!r}", choose(name, self.assets.images, "images"))
        return self.asset(self.assets.images[name])

    def csv_of(self, data: Rows, filename: str | None) -> str:
        """The path of a CSV file with all rows of a query."""
        return self.downloads.csv(segment(filename or data.name), data.columns, [list(row) for row in data])

    def unit_code(self, unit: str | None) -> str:
        """The fmt of a KPI's unit."""
        return UNIT_CODES.get(unit or "number", "num")

    def kr_value(self, row: Row) -> str:
        return okr_words.value(self.formatter, self.language, row)

    def kr_target(self, row: Row) -> str:
        return okr_words.target(self.formatter, self.language, row)

    def kr_message(self, row: Row) -> str:
        return okr_words.message(self.formatter, self.language, row)

    def table(self, data: Rows, children: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> Any:
        return table_view(self, data, children, options)


EXPOSED = (
    "link",
    "linked",
    "asset",
    "status_word",
    "unit",
    "component_info",
    "compare",
    "delta_text",
    "date_range",
    "shaped",
    "rows_between",
    "names_of",
    "target_of",
    "share_of",
    "level_of",
    "address_of",
    "image_of",
    "csv_of",
    "unit_code",
    "kr_value",
    "kr_target",
    "kr_message",
    "table",
)


def _sign(value: float) -> str:
    return "+" if value > 0 else "−" if value < 0 else ""
