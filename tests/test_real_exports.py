"""Real exports from file to page: every day equals the sums computed elsewhere, in raw rows, models and on the site.

The files are public and not part of the repository: `shared/data` beside it. Definitions: tests/data_definitions/.
"""

from __future__ import annotations

import csv
import html
import os
import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.support import ROOT, Refreshed

DATA = ROOT.parent / "shared" / "data"
# File source (and its channel), expected sums.
EXPORTS = {
    "linkedin_export": "linkedin_campaign",
    "google_export": "google_account",
    "microsoft_export": "microsoft_campaign",
    "reddit_export": "reddit_campaign",
}
SCORED = {
    "linkedin_export": "linkedin",
    "google_export": "google",
    "microsoft_export": "microsoft",
    "reddit_export": "reddit",
}
TARGET = 10_000
# A fortnight after the last of them.
AFTER_EXPORTS = "2023-01-05"


def expected_days(source: str) -> dict[tuple[str, str], float]:
    """Sums by day and measure, those that are 0 left out."""
    with (DATA / "expected" / f"{EXPORTS[source]}_daily.csv").open() as file:
        return {
            (row["day"], measure): float(value)
            for row in csv.DictReader(file)
            for measure, value in row.items()
            if measure not in ("channel", "rows", "day") and float(value)
        }


def only_the_exports(settings: Path) -> dict[str, str]:
    """The environment of a workspace over these definitions alone, whose operator lists the folder of the exports."""
    (settings / ".dlt").mkdir(parents=True)
    (settings / ".dlt" / "config.toml").write_text(f'files_roots = ["{DATA}"]\n', encoding="utf-8")
    # no channel but the files, whatever the developer has in the environment
    return {name: "" for name in os.environ if name.startswith("SOURCES__")} | {
        "DLT_PROJECT_DIR": str(settings),
        "OKR_DEFINITIONS_DIR": str(ROOT / "tests" / "data_definitions"),
    }


def text_of(page: Path) -> str:
    """What a reader sees of a page."""
    content = re.sub(r"<(style|script).*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


if DATA.is_dir():

    @pytest.fixture(scope="module")
    def exports(tmp_path_factory: pytest.TempPathFactory) -> Refreshed:
        """The exports refreshed by the command."""
        folder = tmp_path_factory.mktemp("exports")
        data_dir = folder / "data"
        named = {"OKR_DATA_DIR": str(data_dir), "OKR_TODAY": AFTER_EXPORTS}
        refreshed = Refreshed(data_dir, only_the_exports(folder) | named, 0, "", "")
        answer = refreshed.okr("refresh")
        refreshed.exit_code, refreshed.stdout, refreshed.stderr = answer.returncode, answer.stdout, answer.stderr
        return refreshed

    def rows(exports: Refreshed, sql: str, database: str = "okr") -> list[tuple[object, ...]]:
        with duckdb.connect(str(exports.data_dir / f"{database}.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def test_the_exports_are_published(exports: Refreshed) -> None:
        assert exports.exit_code == 0, exports.stderr
        assert "sources: 5 of 5 fresh" in exports.stdout

    @pytest.mark.parametrize("source", EXPORTS)
    @pytest.mark.parametrize(
        ("table", "value", "channel"),
        [
            ("files.measures", "value", "source_id"),
            ("staging.stg_files__measures", "value_local", "channel"),
            ("marts.fct_measure_daily", "value", "channel"),
        ],
    )
    def test_every_day_of_every_stage_equals_the_sums_computed_elsewhere(
        exports: Refreshed, source: str, table: str, value: str, channel: str
    ) -> None:
        found = {
            (str(day), measure): float(total)
            for day, measure, total in rows(
                exports,
                f"select date, measure, sum({value}) from {table} where {channel} = '{source}' group by all",
                "warehouse",
            )
            if total
        }
        expected = expected_days(source)
        assert len(expected) > 40
        assert found.keys() == expected.keys()
        assert max(abs(found[key] - expected[key]) for key in expected) <= 1e-6

    @pytest.mark.parametrize("source", EXPORTS)
    def test_its_key_result_is_scored_and_stands_on_its_page(exports: Refreshed, source: str) -> None:
        clicks = sum(value for (_, measure), value in expected_days(source).items() if measure == "clicks")
        key_result = f"{SCORED[source]}_clicks_up"
        [(value, score)] = rows(
            exports, f"select value, score from marts.key_results where key_result_id = '{key_result}'"
        )
        assert value == pytest.approx(clicks, abs=1e-6)
        assert score == pytest.approx(min(clicks / TARGET, 1), abs=1e-9)
        assert f"{clicks:,.0f}" in text_of(
            exports.data_dir / "site" / "current" / "key-results" / key_result / "index.html"
        )

    def test_each_measure_stands_at_one_level_only(exports: Refreshed) -> None:
        assert (
            rows(
                exports,
                "select channel, measure from marts.fct_measure_daily group by channel, account_id, measure"
                " having count(distinct campaign_id = '') > 1",
            )
            == []
        )

    def test_sources_say_how_far_they_go_and_that_nothing_moves(exports: Refreshed) -> None:
        last = {source: max(day for day, _ in expected_days(source)) for source in ("google_export", "reddit_export")}
        found = dict(rows(exports, "select channel, data_through::varchar from marts.source_health"))
        assert {name: found[name] for name in last} == last
        assert rows(exports, "select count(*) from marts.source_health where provisional_from is not null") == [(0,)]

    def test_four_years_of_weekly_revenue_are_a_kpi_page_with_every_month(exports: Refreshed) -> None:
        months: dict[str, float] = defaultdict(float)
        with (DATA / "robyn_dt_simulated_weekly.csv").open() as file:
            for row in csv.DictReader(file):
                for day in range(7):
                    month = (date.fromisoformat(row["DATE"]) + timedelta(days=day)).isoformat()[:7]
                    months[month] += float(row["revenue"]) / 7
        page = text_of(exports.data_dir / "site" / "current" / "kpis" / "robyn_revenue" / "index.html")
        assert len(months) == 49
        assert [month for month, revenue in months.items() if f"${revenue:,.0f}" not in page] == []
