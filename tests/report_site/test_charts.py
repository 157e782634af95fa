"""Charts draw what the rows say: points, paths, scales."""

from __future__ import annotations

import re
from datetime import date, timedelta

import duckdb
import pytest

from okr_reports.report_site.charts import plot
from okr_reports.report_site.charts.data import ChartData, Series
from okr_reports.report_site.charts.key_result import steps
from okr_reports.report_site.charts.scale import nice_ticks
from okr_reports.report_site.formats import Formatter

FORMATTER = Formatter("en-GB", "EUR", "Europe/Madrid")
PAIR = re.compile(r"[ML](-?[\d.]+) (-?[\d.]+)")


def points(svg: str, class_: str) -> list[tuple[float, float]]:
    path = re.search(rf'<path d="([^"]*)" class="{class_}"', svg)
    assert path is not None, class_
    return [(float(x), float(y)) for x, y in PAIR.findall(path[1])]


def dated(values: list[float | None]) -> ChartData:
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(len(values))]
    texts = [str(value) for value in values]
    return ChartData(days, [day.isoformat() for day in days], "Day", "date", [Series("A", values, texts, "num0")],
                     FORMATTER)  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 100, [0, 25, 50, 75, 100]),
        (0, 7, [0, 2, 4, 6, 8]),
        (-5, 5, [-5, -2.5, 0, 2.5, 5]),
        (0, 0, [0, 0.25, 0.5, 0.75, 1]),
        (3.1, 3.4, [3.1, 3.2, 3.3, 3.4]),
    ],
)
def test_ticks_are_round_and_cover_the_values(low, high, ticks):
    assert nice_ticks(low, high) == ticks


def test_every_point_of_a_line_is_its_value():
    values = [3.0, 8.0, None, 5.5, 10.0, 0.0]
    drawn = points(str(plot.draw("line", dated(values), "x", plot.Options(height=200))), "line s1")
    known = [(n, value) for n, value in enumerate(values) if value is not None]
    assert len(drawn) == len(known)
    for (x, y), (n, value) in zip(drawn, known, strict=True):
        assert x == pytest.approx(n / 5 * 1000, abs=0.01)
        assert y == pytest.approx(176 - value / 10 * 162, abs=0.01)


def test_a_missing_value_breaks_the_line():
    svg = str(plot.draw("line", dated([1.0, None, 3.0]), "x", plot.Options()))
    path = re.search(r'<path d="([^"]*)" class="line s1"', svg)
    assert path is not None
    assert path[1].count("M") == 2


@pytest.mark.parametrize("values", [[50.0, 60.0], [-50.0, -60.0], [-5.0, 60.0]])
def test_bars_start_at_zero(values):
    svg = str(plot.draw("bar", dated(values), "x", plot.Options(height=200)))
    axis = float(re.search(r'y1="([\d.]+)" y2="[\d.]+" class="axis"', svg)[1])
    bars = re.findall(r'y="([\d.]+)" height="([\d.]+)" class="bar', svg)
    for (top, height), value in zip(bars, values, strict=True):
        edge = float(top) + float(height) if value > 0 else float(top)
        assert edge == pytest.approx(axis, abs=0.02)


def test_months_stand_evenly_apart():
    data = dated([1.0, 2.0, 3.0])
    months = ChartData([date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)], ["a", "b", "c"], "Month", "date",
                       data.series, FORMATTER)  # fmt: skip
    places = [float(place) for place in plot.per_mille("bar", months)]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1])


def test_names_in_charts_are_escaped():
    data = dated([1.0, 2.0])
    hostile = ChartData(["<script>", "b"], ["<script>", "b"], "x", "category", data.series, FORMATTER)
    svg = str(
        plot.draw("bar", hostile, '"><script>', plot.Options(marks=[{"tag": "reference_line", "y": 1, "label": "<b>"}]))
    )
    assert "<script" not in svg
    assert "&lt;b&gt;" in svg


def test_the_key_result_chart_draws_the_mart(built, snapshot):
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        values = [row[0] for row in connection.execute(
            "select value from marts.fct_key_result_daily where key_result_id = 'linkedin_leads_up' order by date"
        ).fetchall()]  # fmt: skip
    html = (built.out_dir / "key-results/linkedin_leads_up/index.html").read_text(encoding="utf-8")
    sure, unsure = points(html, "line actual"), points(html, "line actual provisional")
    drawn = [y for _, y in [*sure, *unsure[1:]]]
    assert len(drawn) == len(values)
    # ticks run from 0 to 300 between the floor of 256 and the top of 20 pixels
    for y, value in zip(drawn, values, strict=True):
        assert y == pytest.approx(256 - value / 300 * 236, abs=0.01)


def test_the_path_ends_at_the_target(built):
    html = (built.out_dir / "key-results/linkedin_leads_up/index.html").read_text(encoding="utf-8")
    x, y = points(html, "pace")[-1]
    assert x == 1000
    assert y == pytest.approx(256 - 276 / 300 * 236, abs=0.01)


def test_check_in_values_hold_until_the_next():
    assert steps([(0, 5), (1, 5), (2, 3), None, (4, 2)]) == [(0, 5), (1, 5), (2, 5), (2, 3), None, (4, 2)]
