"""`okr check` of targets that the KPI's own past always reached, or never came near."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from okr_reports import okrs
from okr_reports.commands.targets import unusual_targets

SETTINGS = """
settings: {organisation: Acme, locale: en-GB, timezone: UTC, currency: EUR}
kpis:
  - {id: leads, title: Leads, kind: flow, measure: leads, unit: count, where: {channel: linkedin_ads}}
  - id: cost
    title: Cost
    kind: ratio
    numerator: spend
    denominator: clicks
    unit: currency
    better: lower
    where: {channel: google_ads}
"""
OBJECTIVE = """
objectives:
  - id: grow
    title: Grow
    owner: ana@example.com
    period: 2026-Q4
    key_results:
      - {id: more, title: More, owner: ana@example.com, type: increase, kpi: leads, baseline: 0, target: TARGET}
"""
HELD = OBJECTIVE.replace(
    "type: increase, kpi: leads, baseline: 0, target: TARGET", "type: at_most, kpi: cost, hold: average, target: TARGET"
)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """900, 1,000, 1,100 and 1,200 leads in the four quarters before it, whatever their days; each costs 30."""
    with duckdb.connect(str(tmp_path / "okr.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_kpi_daily (kpi_id varchar, date date, numerator double, denominator double)"
        )
        starts = [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)]
        quarters = zip((900, 1000, 1100, 1200), starts, starts[1:], strict=False)
        days = [(first + timedelta(days=n), all_of_it / (after - first).days)
                for all_of_it, first, after in quarters for n in range((after - first).days)]  # fmt: skip
        for day, leads in days:
            connection.execute("insert into marts.fct_kpi_daily values ('leads', ?, ?, null)", [day, leads])
            connection.execute("insert into marts.fct_kpi_daily values ('cost', ?, ?, ?)", [day, 30 * leads, leads])
    return tmp_path / "okr.duckdb"


def said(tmp_path: Path, snapshot: Path, objective: str, target: float, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("OKR_TODAY", "2026-10-05")
    folder = tmp_path / "okr_definitions"
    folder.mkdir(exist_ok=True)
    (folder / "all.yml").write_text(SETTINGS + objective.replace("TARGET", str(target)))
    found = unusual_targets(snapshot, okrs.read(folder))
    assert all(one.severity == "warning" and one.line > 1 and Path(one.path).name == "all.yml" for one in found)
    return [one.what for one in found]


@pytest.mark.parametrize(
    ("objective", "target", "words"),
    [
        (OBJECTIVE, 850, "was reached in each of the 4 periods"),
        (OBJECTIVE, 900, "was reached in each of the 4 periods"),
        (OBJECTIVE, 1000, ""),
        (OBJECTIVE, 1400, ""),
        (OBJECTIVE, 5000, "lies far beyond any of the 4 periods"),
        (HELD, 40, "was reached in each of the 4 periods"),
        (HELD, 5, "lies far beyond any of"),
        (HELD, 25, ""),
    ],
)
def test_targets_beside_what_was_reached(
    tmp_path: Path, snapshot: Path, objective: str, target: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = said(tmp_path, snapshot, objective, target, monkeypatch)
    assert [words in one for one in found] == ([True] if words else [])


def test_a_short_past_or_none_says_nothing(tmp_path: Path, snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(snapshot)) as connection:
        connection.execute("delete from marts.fct_kpi_daily where date < '2026-04-01'")
    assert said(tmp_path, snapshot, OBJECTIVE, 850, monkeypatch) == []
    assert unusual_targets(tmp_path / "none.duckdb", None) == []
