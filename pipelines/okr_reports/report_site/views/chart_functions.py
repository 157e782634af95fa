"""What templates may call to draw. Drawings come back as finished HTML, their sentences as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from okr_reports.report_site.charts import grids, plot, small
from okr_reports.report_site.charts.data import ChartData, Series, Wanted, chart_data, readable
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import Rows
from okr_reports.report_site.views.key_result_view import key_result_chart, target_change


@dataclass
class ChartFunctions:
    """The drawing functions, in one locale and language."""

    formatter: Formatter
    language: Language

    def all(self) -> dict[str, Callable[..., Any]]:
        """By the names templates use."""
        return {name: getattr(self, name) for name in EXPOSED}

    def series_of(
        self,
        data: Rows,
        x: str,
        y: Any,
        series: str | None = None,
        x_fmt: str | None = None,
        y_fmt: str | None = None,
        titles: Sequence[str] = (),
        marks: Mapping[str, str] | None = None,
        series_order: Sequence[str] = (),
        plan: Any = (),
        x_sort: Any = None,
        evenly: bool = False,
    ) -> ChartData:
        """Rows as series of a chart. `marks` says which measure is a bar and which a line, `plan` which are plans."""
        wanted = [y] if isinstance(y, str) else list(y)
        made = chart_data(
            data,
            Wanted(x, wanted, series, x_fmt, y_fmt, titles, series_order, x_sort, evenly),
            self.formatter,
            self.language,
        )
        plans = [plan] if isinstance(plan, str) else list(plan)
        if not marks and not plans:
            return made
        kinds = ["plan" if measure in plans else (marks or {}).get(measure, "line") for measure in wanted]
        drawn = [Series(s.title, s.values, s.texts, s.fmt, kinds[n]) for n, s in enumerate(made.series)]
        return replace(made, series=drawn)

    def x_places(self, data: ChartData, kind: str) -> list[str]:
        """Where the rows of the data table lie in the chart, per mille of its width: the pointer is held to them."""
        return plot.per_mille(kind, data)

    def summary(self, data: ChartData) -> str:
        """One sentence for those who do not see the chart: range of x, then last, lowest and highest of each series."""
        if not data.x:
            return self.language.text("No data.")
        head = self.language.text("From %(first)s to %(last)s.", first=data.x_texts[0], last=data.x_texts[-1])
        return " ".join([head, *(self._series_sentence(data, series) for series in data.series)])

    def _series_sentence(self, data: ChartData, series: Series) -> str:
        known = [(value, n) for n, value in enumerate(series.values) if value is not None]
        if not known:
            return self.language.text("%(title)s: no data.", title=series.title)
        (_, low), (_, high), (_, last) = min(known), max(known), known[-1]
        return self.language.text(
            "%(title)s: %(last)s at the end, lowest %(low)s (%(low_at)s), highest %(high)s (%(high_at)s).",
            title=series.title,
            last=series.texts[last],
            low=series.texts[low],
            low_at=data.x_texts[low],
            high=series.texts[high],
            high_at=data.x_texts[high],
        )

    def sparkline(self, values: Sequence[Any], label: str, kind: str = "line", target: Any = None) -> Markup:
        """A line, area or bars without axes; `label` says it to those who do not see it."""
        floats = [None if value is None else float(value) for value in values]
        return small.sparkline(floats, label, kind, None if target is None else float(target))

    def progress_bar(self, share: Any, expected: Any, status: str, label: str) -> Markup:
        """A bar from 0 to 1 in the colour of the status, with a tick where it is expected to be."""
        return small.progress_bar(_float(share), _float(expected), status, label)

    def strip(self, parts: Sequence[tuple[str, Any]], label: str) -> Markup:
        """A bar divided into shares: (class, amount) from left to right."""
        return small.strip([(name, float(amount)) for name, amount in parts], label)

    def funnel(
        self, data: Rows, category: str, value: str, fmt: str, label: str, words: bool = False, rates: bool = True,
        align: str = "left",
    ) -> Markup:  # fmt: skip
        """Steps below each other, each with how much of the one before is left. `words`: they are names of measures."""
        titles, values = (
            [str(cell) for cell in data.column(category)],
            [_float(cell) or 0.0 for cell in data.column(value)],
        )
        titles = [self.language.text(readable(title)) if words else title for title in titles]
        texts = [self.formatter.format(amount, fmt) for amount in values]
        kept = [("", ""), *(self._kept(before, after) if rates else ("", "") for before, after in pairwise(values))]
        return grids.funnel(titles, values, texts, kept, label, align)

    def _kept(self, before: float, after: float) -> tuple[str, str]:
        if not before:
            return self.language.text("n/a"), self.language.text("n/a")
        share = self.formatter.format(after / before, "pct1")
        return self.language.text("%(share)s of the step before", share=share), share

    def heatmap(
        self, data: Rows, x: str, y: str, value: str, fmt: str, x_fmt: str, y_fmt: str, label: str
    ) -> tuple[Markup, dict[str, Any]]:
        """The drawing, and the same as a table: column titles, row titles, texts."""
        for name in (x, y, value):
            data.need(name)
        lines, columns, cells = grids.grid_cells(data, x, y, value)
        texts = {place: (float(cell), self.formatter.format(cell, fmt)) for place, cell in cells.items()}
        row_titles = [self.formatter.format(line, y_fmt) for line in lines]
        titles = [self.formatter.format(column, x_fmt) for column in columns]
        table = {
            "columns": titles,
            "rows": [
                (title, [texts[(n, m)][1] if (n, m) in texts else "–" for m in range(len(columns))])
                for n, title in enumerate(row_titles)
            ],
        }
        return grids.heatmap(row_titles, titles, texts, label), table

    def key_result_chart(self, row: Row, parts: Mapping[str, Rows]) -> Any:
        """The chart of one key result with its sentence and its table."""
        return key_result_chart(self.formatter, self.language, row, parts)

    def target_change(self, old: Row, new: Row) -> str:
        """How a version of a target differs from the one before: when, by whom, why."""
        return target_change(self.formatter, self.language, old, new)


EXPOSED = (
    "series_of",
    "x_places",
    "summary",
    "sparkline",
    "progress_bar",
    "strip",
    "funnel",
    "heatmap",
    "key_result_chart",
    "target_change",
)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
