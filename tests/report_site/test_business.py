"""The head of the overview: which KPIs, their last four weeks against the four before, and what is not compared."""

from __future__ import annotations

import re
import shutil

import duckdb
import pytest

from okr_reports.report_site.pages.reports import read_reports
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query
from tests.report_site.conftest import REPORTS
from tests.report_site.snapshot_rows import THROUGH
from tests.report_site.test_site import text_of

PAGE = "---\ntitle: Home\n---\n{% business /%}\n"
OWN_COMPONENT = {
    "pages/index.md": '---\ntitle: Home\n---\n{% kpi_channels kpi="cost_per_lead" /%}\n',
    **{
        name: (REPORTS / name).read_text(encoding="utf-8")
        for name in ("components/kpi_channels.html", "translations/es.po")
    },
}
NUMBERS = """
insert into fct_kpi_daily (kpi_id, date, numerator, denominator, value)
select 'own', data_through - ago::int, top, bottom, top / coalesce(bottom, 1)
from report_context, (
  select unnest(range({days})) as ago, case when ago < 28 then 3 else 2 end as top, {bottom} as bottom
)
"""


@pytest.fixture
def tiles(build, changed):
    """The tiles of a page over a copy of the snapshot that statements have changed: name and what stands below it."""

    def make(*statements: str, page: str = PAGE) -> list[tuple[str, str]]:
        html = build({"pages/index.md": page}, over=changed(*statements))("index.html")
        found = re.findall(r"<li>(.*?)\n(.*?)</li>", html, re.DOTALL)
        return [(text_of(name).strip(), re.sub(r"\s+", " ", text_of(rest)).strip()) for name, rest in found]

    return make


def only(kind: str, days: int, bottom: str = "null::int") -> tuple[str, ...]:
    return (
        "delete from dim_kpi",
        "insert into dim_kpi (kpi_id, title, kind, unit, better, overview_position) "
        f"values ('own', 'Own', '{kind}', 'number', 'higher', 1)",
        NUMBERS.format(days=days, bottom=bottom),
    )


@pytest.mark.parametrize(
    ("kind", "bottom", "said"),
    [
        ("flow", "null::int", "84 ▲ +50.0%"),
        # rates add up from their parts: 84 / 112 against 56 / 28, whatever the mean of the days is
        ("ratio", "case when ago < 28 then 4 else 1 end", "0.75 ▼ −62.5%"),
        ("stock", "null::int", "3 ▲ +50.0%"),
    ],
)
def test_four_weeks_stand_against_the_four_before(tiles, kind, bottom, said):
    [(name, rest)] = tiles(*only(kind, 90, bottom))
    assert name == "Own"
    assert rest.startswith(said)


def test_what_is_known_by_months_stands_month_against_month(tiles):
    """October, six days of which have 3 and the others 2, against September; never four weeks of either."""
    assert THROUGH.isoformat() == "2026-11-22"
    [(_, rest)] = tiles(*only("flow", 90), "update dim_kpi set grain = 'month'")
    assert rest.startswith("68 ▲ +13.3%")
    assert "October 2026" in rest


def test_a_month_is_held_against_the_ups_and_downs_of_months(tiles):
    """Each other month a third more: what a month usually does is no news, though no week of it says so."""
    waves = "update fct_kpi_daily set numerator = 3 + month(date) % 2, value = 3 + month(date) % 2 where kpi_id = 'own'"
    [(_, rest)] = tiles(*only("flow", 300), "update dim_kpi set grain = 'month'", waves)
    assert "within its usual ups and downs" in rest


@pytest.mark.parametrize("kind", ["flow", "ratio", "stock"])
def test_a_base_that_data_do_not_cover_is_no_base(tiles, kind):
    assert "%" not in tiles(*only(kind, 55, "1"))[0][1]
    assert "no data for 28 days before" in tiles(*only(kind, 55, "1"))[0][1]
    assert "%" in tiles(*only(kind, 56, "1"))[0][1]


def test_a_ratio_names_its_channels_and_shows_the_other_figure_a_click_away(build):
    """Twice the spend over the same leads costs twice as much; what is left out is named with what it lacks."""
    html = build(OWN_COMPONENT)("index.html")
    said = re.sub(r"\s+", " ", text_of(html))
    assert "<details" in html
    assert "Cuenta LinkedIn Ads" in said
    assert "google_ads queda fuera: no informa de Leads" in said
    here, otherwise = (
        float(one.replace(".", "").replace(",", "."))
        for one in re.search(r"últimos 28 días ([\d.,]+).*?sería ([\d.,]+)", said).groups()
    )
    assert otherwise == pytest.approx(2 * here, rel=0.01)


def test_a_ratio_without_differences_says_nothing(build, changed):
    over = changed("delete from kpi_channels where channel = 'google_ads'")
    assert "<details" not in build(OWN_COMPONENT, over=over)("index.html")


def test_the_settings_choose_and_order_and_otherwise_use_does(tiles):
    unset = [name for name, _ in tiles()]
    # spend, leads and cost per lead, then what most key results use
    assert unset[:3] == ["Advertising spend", "LinkedIn leads", "Cost per lead"]
    assert 3 <= len(unset) <= 5
    pipeline = "update dim_kpi set measure = 'created_pipeline_value' where kpi_id = 'subscribers'"
    assert [name for name, _ in tiles(pipeline)][3] == "Subscribers"
    without = "update dim_kpi set measure = null, numerator = null"
    assert tiles(without)[0][0] == "LinkedIn leads"  # the measure of the company's objective
    chosen = tiles(
        "update dim_kpi set overview_position = 1 where kpi_id = 'subscribers'",
        "update dim_kpi set overview_position = 2 where kpi_id = 'ad_spend'",
        "delete from fct_kpi_daily where kpi_id = 'ad_spend'",
    )
    assert [name for name, _ in chosen] == ["Subscribers", "Advertising spend"]
    assert chosen[1][1].endswith("No data.")
    page = '---\ntitle: Home\n---\n{% business kpis="ad_spend, linkedin_ctr" /%}\n'
    assert [name for name, _ in tiles(page=page)] == ["Advertising spend", "Click-through rate"]
    assert tiles("delete from fct_kpi_daily") == []


@pytest.mark.parametrize(("off_track", "named"), [((3, 1, 1), 1), ((2, 2, 1), 2), ((2, 6, 1), 1), ((1, 1, 1), 0)])
def test_teams_are_named_that_a_quarter_of_what_is_off_track_is_in(snapshot, tmp_path, off_track, named):
    """At least two key results of the team, and at least a quarter of all that are off track."""
    copy = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("use okr.marts; update key_results set status = 'on_track'")
        for team, number in zip(("paid_social", "onboarding", "content"), off_track, strict=True):
            connection.execute(
                "update key_results set team = ?, status = 'off_track', period_start = '2026-10-01',"
                " period_end = '2026-12-31' where key_result_id in ("
                "select key_result_id from key_results where status = 'on_track' order by key_result_id limit ?)",
                [team, number],
            )  # fmt: skip
    queries = read_reports(REPORTS)
    (index,) = (page for page in queries.pages if not page.route)
    known = {**queries.queries, **index.file.queries}
    with Reader(copy) as reader:
        rows = reader.run(compile_query(known["crowded"], known, {}), {}).rows
    assert len(rows) == named
    assert [row["off_track"] for row in rows] == sorted(off_track, reverse=True)[:named]
