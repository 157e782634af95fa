"""A channel's days beside an export: what differs by more than its tolerance, and why it may."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from okr_reports.adding.compare import compare, lines
from okr_reports.errors import OkrError

EXPORT = """Campaign report
"1 September 2026 - 4 September 2026"
Day,Customer ID,Campaign ID,Campaign,Currency code,Cost,Clicks,Conversions
2026-09-01,111-222,7,Brand,EUR,100.00,50,10.00
2026-09-02,111-222,7,Brand,EUR,100.00,50,10.00
2026-09-03,111-222,7,Brand,EUR,100.00,50,10.00
2026-09-04,111-222,7,Brand,EUR,100.00,50,10.00
"""
ZONES = "zone: the days differ and their sum does not"


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "okr.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_measure_daily (date date, channel varchar, account_id varchar, measure varchar,"
            " value_local decimal(28,9), currency varchar)"
        )
        connection.execute(
            "create table marts.source_health as select 'google_ads' as channel, date '2026-09-04' as data_through,"
            " date '2026-09-04' as provisional_from"
        )
        connection.execute(
            "create table marts.dim_channel as select 'google_ads' as channel,"
            " 'metrics.conversions' as conversions_means"
        )
    return path


def told(snapshot: Path, folder: Path, days: dict[int, tuple[float, float, float]], text: str = EXPORT) -> list[str]:
    """What is said of ours: day to spend, clicks and conversions. Another account's rows do not concern the export."""
    export = folder / "report.csv"
    export.write_text(text, encoding="utf-8")
    with duckdb.connect(str(snapshot)) as connection:
        connection.execute("delete from marts.fct_measure_daily")
        for day, values in days.items():
            for measure, value in zip(("spend", "clicks", "conversions"), values, strict=True):
                connection.execute(
                    "insert into marts.fct_measure_daily values (?, 'google_ads', '111222', ?, ?, 'EUR'),"
                    " (?, 'google_ads', '333', ?, 999, 'EUR')",
                    [date(2026, 9, day), measure, Decimal(str(value)), date(2026, 9, day), measure],
                )
    found = compare(snapshot, "google_ads", export, None, {})
    assert found.compared == 12
    return [f"{one.date.day} {one.measure} {' | '.join(one.reasons)}" for one in found.differences]


def test_what_is_within_its_tolerance_agrees(snapshot: Path, tmp_path: Path) -> None:
    same = dict.fromkeys(range(1, 5), (100.0, 50.0, 10.0))
    assert told(snapshot, tmp_path, same) == []
    assert told(snapshot, tmp_path, {**same, 2: (101.0, 51.0, 10.2)}) == []
    found = told(snapshot, tmp_path, {**same, 2: (101.1, 51.1, 10.3)})
    assert [one[:7] for one in found] == ["2 click", "2 conve", "2 spend"]


def test_each_difference_has_its_likely_reason(snapshot: Path, tmp_path: Path) -> None:
    same = dict.fromkeys(range(1, 5), (100.0, 50.0, 10.0))
    [kind] = told(snapshot, tmp_path, {**same, 2: (100.0, 50.0, 14.0)})
    assert "attribution" in kind
    assert "(metrics.conversions)" in kind
    [late] = told(snapshot, tmp_path, {**same, 4: (100.0, 40.0, 10.0)})
    assert "a late day: the vendor may still restate it from 2026-09-04 on" in late
    moved = told(snapshot, tmp_path, {**same, 1: (90.0, 50.0, 10.0), 2: (110.0, 50.0, 10.0)})
    assert len(moved) == 2
    assert all(ZONES in one for one in moved)
    gone = {day: values for day, values in same.items() if day != 2}
    assert any("2 spend the export has a day that ours has not" in one for one in told(snapshot, tmp_path, gone))


def test_what_cannot_be_compared_says_what_to_do(snapshot: Path, tmp_path: Path) -> None:
    with pytest.raises(OkrError, match="check its name"):
        compare(snapshot, "google_ads", tmp_path / "no.csv", None, {})
    export = tmp_path / "report.csv"
    export.write_text(EXPORT, encoding="utf-8")
    with pytest.raises(OkrError, match="okr refresh --channel google_ads --from 2026-09-01 --to 2026-09-04"):
        compare(snapshot, "google_ads", export, None, {})
    with pytest.raises(OkrError, match="--preset"):
        compare(snapshot, "sql", export, None, {})
    export.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(OkrError, match=r"report\.csv"):
        compare(snapshot, "google_ads", export, None, {})


def test_the_terminal_shows_both_numbers(snapshot: Path, tmp_path: Path) -> None:
    same = dict.fromkeys(range(1, 5), (100.0, 50.0, 10.0))
    told(snapshot, tmp_path, {**same, 2: (100.0, 50.0, 14.0)})
    said = "\n".join(lines(compare(snapshot, "google_ads", tmp_path / "report.csv", None, {})))
    assert "2026-09-02  conversions: ours 14.00, export 10.00 (+40.0%)" in said
    assert said.endswith("1 differ")
