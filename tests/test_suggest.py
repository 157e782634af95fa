"""Targets that a KPI's past makes likely, over a small copy of the marts."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from okr_reports.commands.suggest import suggest
from okr_reports.errors import OkrError
from okr_reports.forecasting.members import LONGEST

FIRST, DAYS = date(2026, 1, 1), 200
LAST = FIRST + timedelta(days=DAYS - 1)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("copy") / "okr.duckdb"
    random = Random(3)
    kinds = {"leads": "flow", "cost": "ratio", "members": "stock", "people": "distinct", "late": "flow"}
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_kpi (kpi_id varchar, title varchar, kind varchar, unit varchar, better varchar,"
            " grain varchar)"
        )
        connection.execute(
            "create table marts.fct_kpi_daily (kpi_id varchar, date date, numerator double, denominator double)"
        )
        for name, kind in kinds.items():
            better = "lower" if name == "cost" else "higher"
            connection.execute(
                "insert into marts.dim_kpi values (?, ?, ?, 'count', ?, 'day')", [name, name, kind, better]
            )
            for number in range(DAYS - 10 if name == "late" else 0, DAYS):
                leads = random.randint(5, 15)
                value = {"ratio": (30.0 * leads + random.random(), leads), "stock": (1000 + 2 * number, None)}
                row = [name, FIRST + timedelta(days=number), *value.get(kind, (leads, None))]
                connection.execute("insert into marts.fct_kpi_daily values (?, ?, ?, ?)", row)
    return path


def test_a_count_is_suggested_about_what_it_always_came_to(snapshot: Path) -> None:
    found = suggest(snapshot, "leads", LAST + timedelta(days=1), LAST + timedelta(days=92))
    assert found.likely[90] < found.likely[70] < found.likely[50]
    assert found.likely[50] == pytest.approx(92 * 10, rel=0.08)
    assert [value / 92 for _, _, value in found.earlier] == pytest.approx([10, 10], abs=1.5)


def test_what_comes_by_months_has_no_likely_end(snapshot: Path, tmp_path: Path) -> None:
    copy = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update marts.dim_kpi set grain = 'month' where kpi_id = 'leads'")
    known, found = (suggest(path, "leads", date(2026, 10, 1), date(2026, 12, 31)) for path in (snapshot, copy))
    assert (found.likely, found.earlier, found.grain) == ({}, known.earlier, "month")


def test_a_quarter_stands_beside_quarters_and_own_days_beside_as_many(snapshot: Path) -> None:
    """Known are 1 January to 19 July 2026: two whole quarters, and three months that end in March and June."""
    quarter = suggest(snapshot, "leads", date(2026, 10, 1), date(2026, 12, 31))
    assert [row[:2] for row in quarter.earlier] == [
        (date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 1, 1), date(2026, 3, 31)),
    ]
    february = suggest(snapshot, "leads", date(2027, 2, 1), date(2027, 2, 28))
    assert february.earlier[0][:2] == (date(2026, 6, 1), date(2026, 6, 30))
    own = suggest(snapshot, "leads", date(2026, 10, 10), date(2026, 10, 19))
    assert own.earlier[0][:2] == (date(2026, 7, 2), date(2026, 7, 11))


def test_a_later_period_is_as_long_as_it_is(snapshot: Path) -> None:
    found = suggest(snapshot, "leads", LAST + timedelta(days=32), LAST + timedelta(days=61))
    assert found.likely[50] == pytest.approx(30 * 10, rel=0.08)


def test_what_should_fall_is_safest_where_it_is_highest(snapshot: Path) -> None:
    found = suggest(snapshot, "cost", LAST + timedelta(days=1), LAST + timedelta(days=92))
    assert found.likely[90] > found.likely[70] > found.likely[50]
    assert found.likely[50] == pytest.approx(30, rel=0.05)


def test_a_level_goes_on(snapshot: Path) -> None:
    found = suggest(snapshot, "members", LAST + timedelta(days=1), LAST + timedelta(days=92))
    assert found.likely[50] == pytest.approx(1000 + 2 * (DAYS + 91), rel=0.02)


@pytest.mark.parametrize(
    ("kpi", "why"), [("people", "counts people"), ("late", "fourteen days"), ("none", "there is no KPI")]
)
def test_what_cannot_be_told_is_said(snapshot: Path, kpi: str, why: str) -> None:
    with pytest.raises(OkrError, match=why):
        suggest(snapshot, kpi, LAST + timedelta(days=1), LAST + timedelta(days=92))


@pytest.mark.parametrize("kpi", ["leads", "cost", "members"])
def test_nothing_is_suggested_for_a_period_that_ends_too_far_ahead(snapshot: Path, kpi: str) -> None:
    suggest(snapshot, kpi, LAST + timedelta(days=1), LAST + timedelta(days=LONGEST))
    with pytest.raises(OkrError, match=rf"more than two years after {LAST}.*name an earlier one"):
        suggest(snapshot, kpi, LAST + timedelta(days=1), LAST + timedelta(days=LONGEST + 1))
