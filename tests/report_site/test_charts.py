"""Charts draw what the rows say: points, paths, scales."""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from html import unescape

import duckdb
import pytest

from okr_reports.report_site.charts import plot
from okr_reports.report_site.charts.data import ChartData, Series
from okr_reports.report_site.charts.key_result import steps
from okr_reports.report_site.charts.scale import nice_ticks
from okr_reports.report_site.formats.formats import Formatter
from tests.report_site.conftest import REPORTS

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


@pytest.mark.parametrize(
    ("days", "first", "last", "drawn"),
    [
        ([date(2027, 1, 1)], date(2026, 12, 3), date(2027, 1, 1), (0.0, 100.0)),
        ([date(2027, 1, 1), date(2027, 1, 2)], date(2026, 12, 3), date(2027, 1, 2), (0.0, 100.0)),
        ([date(2027, 1, 1), date(2027, 2, 1)], date(2027, 2, 20), date(2027, 3, 9), (50.0, 50.0)),
        ([date(2027, 1, 1), date(2027, 2, 1)], date(2026, 12, 3), date(2026, 12, 9), None),
    ],
)
def test_an_area_is_cut_off_where_its_axis_ends(days, first, last, drawn):
    area = {"tag": "reference_area", "x_min": first, "x_max": last}
    data = dated([1.0 for _ in days])
    data = ChartData(days, [str(day) for day in days], "Day", "date", data.series, FORMATTER)
    svg = str(plot.draw("bar", data, "", plot.Options(marks=[area])))
    found = re.findall(r'<rect x="([-\d.]+)%" width="([-\d.]+)%"[^>]*ref-area', svg)
    assert [(float(x), float(width)) for x, width in found] == ([drawn] if drawn else [])


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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            (230, None, None),
            (276, None, None),
            "Since 1 Nov 2026: of 276; before: of 230. Changed by Eva. The <b>fair</b> sold out",
        ),
        ((None, 100, 200), (None, 150, 250), "before: between 100 and 200."),
        ((276, None, None), (276, None, None), ""),
    ],
)
def test_a_changed_target_is_drawn_up_to_its_day(build, english_snapshot, tmp_path, old, new, said):
    copy = tmp_path / "changed.duckdb"
    shutil.copyfile(english_snapshot, copy)
    with duckdb.connect(str(copy)) as warehouse:
        warehouse.execute("delete from marts.key_result_versions where key_result_id = 'linkedin_leads_up'")
        kind = "increase" if old[0] else "between"
        for number, first, last, numbers in ((1, "2026-10-01", "2026-10-31", old), (2, "2026-11-01", None, new)):
            warehouse.execute(
                "insert into marts.key_result_versions by name select 'linkedin_leads_up' as key_result_id,"
                " ? as version, ?::date as valid_from, ?::date as valid_through, ? as type, 5 as baseline,"
                " ? as target, ? as low, ? as high, 'count' as unit, ? as changed_by, ? as reason",
                [
                    number,
                    first,
                    last,
                    kind,
                    *numbers,
                    *(("Eva", "The <b>fair</b> sold out") if number == 2 else (None, None)),
                ],
            )
        warehouse.execute(
            "update marts.key_results set target = ?, low = ?, high = ?, type = ?"
            " where key_result_id = 'linkedin_leads_up'",
            [*new, kind],
        )
    html = build(
        {"pages/index.md": '---\ntitle: Home\n---\n{% kr_chart key_result="linkedin_leads_up" /%}\n'}, over=copy
    )("index.html")
    # 31 of the 91 steps from 1 October to 31 December
    day = f"{100 * 31 / 91:.2f}".rstrip("0")
    turns = re.findall(r'<line [^>]*class="turn"[^>]*><title>(.*?)</title>', html, re.DOTALL)
    assert len(turns) == bool(said)
    if said:
        assert said in unescape(turns[0])
        assert f'x1="{day}%"' in html
        looks = 'class="ref-area"' if old[0] is None else 'class="ref old"'
        assert re.search(rf"<(line|rect) [^>]*{looks}", html)
    assert "<b>fair" not in html


def test_check_in_values_hold_until_the_next():
    assert steps([(0, 5), (1, 5), (2, 3), None, (4, 2)]) == [(0, 5), (1, 5), (2, 5), (2, 3), None, (4, 2)]


def test_what_happened_is_on_every_chart_that_it_touches(build, english_snapshot, tmp_path):
    """A note on a KPI, its channel or the team, on its own day; an event over its days, cut at the chart's ends."""
    copy = tmp_path / "changed.duckdb"
    shutil.copyfile(english_snapshot, copy)
    with duckdb.connect(str(copy)) as warehouse:
        warehouse.execute("use marts")
        kpi, team = warehouse.execute(
            "select kpi_id, team from key_results where key_result_id = 'linkedin_leads_up'"
        ).fetchone()
        warehouse.execute("delete from fct_note")
        for kind, name in (("kpi", kpi), ("channel", "linkedin_ads"), ("team", team), ("kpi", "another")):
            text = f"<i>{kind}</i> {name}"
            warehouse.execute("insert into fct_note values (?, '2026-11-10', ?, ?, ?)", [text, kind, name, text])
        warehouse.execute("insert into fct_note values ('old', '2020-01-01', 'kpi', ?, 'years ago')", [kpi])
        warehouse.execute(
            "insert into kpi_events values (?, 'fair', 'The <b>fair</b>', '{}', '2026-11-20', '2027-02-01', null)",
            [kpi],
        )
    pages = {
        str(path.relative_to(REPORTS)): path.read_text(encoding="utf-8")
        for path in (*(REPORTS / "components").glob("*"), *(REPORTS / "partials").glob("*"),
                     REPORTS / "pages" / "key-results" / "[id].md", REPORTS / "pages" / "kpis" / "[id].md")
    }  # fmt: skip
    page = build(pages, over=copy)
    chart = page("key-results/linkedin_leads_up/index.html")
    noted = re.findall(r'<circle [^>]*cx="([\d.]+)%"[^>]*class="noted"[^>]*><title>(.*?)</title>', chart, re.DOTALL)
    # 40 of the 91 steps from 1 October to 31 December
    assert {place for place, _ in noted} == {f"{100 * 40 / 91:.2f}".rstrip("0")}
    assert sorted(unescape(words).split("\n")[1] for _, words in noted) == [
        "<i>channel</i> linkedin_ads", f"<i>kpi</i> {kpi}", f"<i>team</i> {team}",
    ]  # fmt: skip
    event = re.search(r'<rect x="([\d.]+)%" width="([\d.]+)%"[^>]*class="event"[^>]*><title>(.*?)</title>', chart)
    assert float(event[1]) + float(event[2]) == pytest.approx(100, abs=0.02)
    assert unescape(event[3]) == "The <b>fair</b>"
    day_by_day = page(f"kpis/{kpi}/index.html")
    assert len(re.findall(r'class="ref c-gray"[^>]*><title>10 Nov 2026\n', day_by_day)) == 2
    assert 'class="ref-area c-gray"' in day_by_day
    assert "years ago" not in re.sub(r'<ul class="notes">.*', "", day_by_day, flags=re.DOTALL)
