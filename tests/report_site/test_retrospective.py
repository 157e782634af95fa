"""What a closed period teaches: what was reached, how forecasts and confidence fared, what became of steps."""

from __future__ import annotations

import re
import shutil

import duckdb
import pytest

from tests.report_site.conftest import REPORTS
from tests.report_site.test_site import text_of

PAGES = {
    str(path.relative_to(REPORTS)): path.read_text(encoding="utf-8")
    for path in (*(REPORTS / "components").glob("*"), *(REPORTS / "partials").glob("*"),
                 REPORTS / "pages" / "retrospectives" / "[period].md", REPORTS / "pages" / "archive" / "[period].md",
                 *(REPORTS / "pages" / "key-results").glob("*"), REPORTS / "pages" / "kpis" / "[id].md")
}  # fmt: skip
ONE = "leads_q3"
NOTHING = (
    "delete from fct_check_in where key_result_id in (select key_result_id from key_results where period = '2026-Q3')",
    "delete from key_result_drivers",
    "delete from fct_key_result_forecast",
)


@pytest.fixture
def retrospective(build, english_snapshot, tmp_path):
    """Builds the page over a copy of the snapshot that statements have changed; returns it as HTML."""

    def make(*statements: str, route: str = "retrospectives/2026-Q3") -> str:
        copy = tmp_path / "changed.duckdb"
        shutil.copyfile(english_snapshot, copy)
        with duckdb.connect(str(copy)) as warehouse:
            warehouse.execute("use marts")
            for statement in (*NOTHING, *statements):
                warehouse.execute(statement)
        page = build(PAGES, over=copy)
        assert 'href="../../retrospectives/2026-Q3/index.html"' in page("archive/2026-Q3/index.html")
        return page(f"{route}/index.html")

    return make


def said(day: str, number: int, **values: str) -> str:
    names, given = ", ".join(values), ", ".join(values.values())
    return (
        f"insert into fct_check_in (check_in_id, key_result_id, date, author, {names})"
        f" values ('{ONE}/{day}/{number}', '{ONE}', '{day}', 'Ana', {given})"
    )


def part(html: str, anchor: str) -> str:
    found = html[html.index(f'id="{anchor}"') :]
    return re.sub(r"\s+", " ", text_of(re.split(r"<h2 id", found, maxsplit=1)[0]))


def test_a_period_that_left_nothing_says_so(retrospective):
    html = retrospective()
    assert "No forecast of this period can be held against its end." in html
    assert "No check-in of this period said how sure it was." in html
    assert "No step was announced." in part(html, "next-steps-announced-and-what-became-of-them")
    assert "What moved most" not in html


def test_what_closed_without_data_is_shown_as_it_was_closed(retrospective):
    """What its numbers say today stands beside it, and never in its place."""
    lost = (
        "update fct_key_result_final set status = 'no_data', value = null, waits_for = 'crm'"
        f" where key_result_id = '{ONE}'"
    )
    archive = retrospective(lost, route="archive/2026-Q3")
    summary = archive[archive.index('<div class="summary">') :].split("</div>")[0]
    assert "1 No data" in re.sub(r"\s+", " ", text_of(summary))
    page = text_of(retrospective(lost, route=f"key-results/{ONE}"))
    assert "No data. What follows is as known now. crm never reached the end of the period." in page
    assert "as known now" not in text_of(retrospective(route=f"key-results/{ONE}")).split("Why this status")[0]
    listed = retrospective(lost, route="key-results")
    row = listed[listed.index("Key results of closed periods") :].split(f"{ONE}/index.html")[1].split("</tr>")[0]
    assert "No data" in text_of(row)


def test_each_weeks_range_is_held_against_the_closed_end(retrospective):
    """260 came; of thirteen weeks the range holds it from the fourth on, and ten of the forecasts were published."""
    forecast = (
        f"update fct_key_result_final set value = 260, status = 'missed' where key_result_id = '{ONE}'",
        "insert into fct_key_result_forecast select"
        f" '{ONE}', 'linkedin_leads', week, date '2026-06-30' + 7 * week::int, week > 3,"
        " if(week < 4, 265, 240), 250, 270, 0.4, 260, week >= 4, false from range(1, 14) as weeks(week)",
    )
    html = retrospective(*forecast)
    assert "10 of 13 weekly forecasts held the end within their range" in text_of(html)
    halfway = part(html, "how-the-forecasts-fared")
    assert re.search(r"240 270 260 ✓ 40 ?% –", halfway.replace("\u00a0", " "))
    of_kpi = text_of(retrospective(*forecast, route="kpis/linkedin_leads"))
    assert "In 1 key result that is over, 10 of 13 weekly forecasts held the end within their range" in of_kpi
    assert "10 of them were published, the others are worked out from the days known by then." in of_kpi
    assert "The chance given was 40% on average, and 0% came true." in of_kpi.replace("\u00a0", "").replace(" %", "%")
    assert "weekly forecasts" not in text_of(retrospective())


@pytest.mark.parametrize(
    ("grain", "said"),
    [
        ("month", r" in October 2026, .+ in September 2026"),
        ("quarter", r" in Q3 2026, .+ in Q2 2026"),
        ("week", r" in the week to (Nov 22|22 Nov), .+ in the week to (Nov 15|15 Nov)"),
    ],
)
def test_a_kpi_is_shown_in_the_grain_of_its_sources(retrospective, grain, said):
    shown = f"update dim_kpi set grain = '{grain}' where kpi_id = 'linkedin_leads'"
    # the second quarter is as the third
    earlier = (
        "insert into fct_kpi_daily by name select * replace (date - 92 as date) from fct_kpi_daily"
        " where kpi_id = 'linkedin_leads' and date between '2026-07-01' and '2026-09-30'"
    )
    text = text_of(retrospective(earlier, shown, route="kpis/linkedin_leads")).replace("\u00a0", " ")
    assert re.search(said, text)
    assert "28 days" not in text
    assert "Last 7 days" not in text


def test_a_chance_is_never_all_or_nothing(retrospective):
    never = (
        "insert into fct_key_result_forecast (key_result_id, week, date, probability, is_reached)"
        f" values ('{ONE}', 6, '2026-08-11', 0, false)"
    )
    assert "2 %" in part(retrospective(never), "how-the-forecasts-fared").replace("\u00a0", " ").replace("2%", "2 %")


def test_confidence_is_shown_by_team_without_names(retrospective):
    html = retrospective(
        said("2026-07-20", 1, confidence="0.9"), said("2026-08-20", 1, confidence="0.5"),
        said("2026-10-20", 1, confidence="0.1"), "update fct_key_result_final set status = 'missed'",
    )  # fmt: skip
    shown = part(html, "confidence-and-outcome").replace("\u00a0", " ")
    assert "judges nobody" in shown
    assert re.search(r"1 2 70 ?% 0 ?%", shown)
    assert "Ana" not in shown


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        ([], "–"),
        ([("2026-08-01", {"previous_next": "'done'"})], "Done"),
        ([("2026-08-01", {"note": "'n'"}), ("2026-08-08", {"previous_next": "'dropped'"})], "No"),
        # the next one's answer is the next one's
        ([("2026-08-01", {"next": "'B'"}), ("2026-08-08", {"previous_next": "'done'"})], "–"),
        ([("2026-08-01", {"next": "'B'", "previous_next": "'open'"})], "Goes"),
    ],
)
def test_a_step_has_the_answer_that_was_given_to_it(retrospective, after, outcome):
    html = retrospective(said("2026-07-20", 1, next="'Step A'"), *(said(day, 1, **values) for day, values in after))
    steps = part(html, "next-steps-announced-and-what-became-of-them")
    assert re.search(r"Step A .*?Ana 20 Jul 2026 (\S+)", steps)[1] == outcome
