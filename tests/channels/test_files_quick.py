"""The quick way of reading gives what the careful one gives, for plain files and for those with one odd row."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okr_reports.channels.files import clean
from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.read import read_source
from okr_reports.channels.runners.records import Recorder
from okr_reports.file_sources import Connector, FileSource, MeasureColumn

_KEEP = clean._keep

COLUMNS = "source_file, line, date, end_date, account_id, campaign_id, campaign_name, currency, v0, v1"
# A row that makes a file odd, after its plain rows; "" is none.
ODD = (
    "", "", "", "Total,,,,10,10", ",,,,,", "2026-09-01,c,n,EUR,1 234,1", '2026-09-01,c,n,EUR,"1,234.50",1',
    '2026-09-01,c,n,EUR,"1,234",1', "Total: all,,,,--,{clicks}", ',,Totals,,"{spend:,.2f}",{clicks}', "Total,,,,,1",
    "# Total,,,,1,1", 'Total,,,,"1,5",1', "Total,,,,1.234,{clicks}",
    "01.09.2026,c,n,EUR,1,1", "2026-09-02,,,EUR,9,9",
    "2026-09-02,--,--,EUR,1,1", "2026-09-02,c,Total,EUR,1,1", '2026-09-02,c,n,EUR,"1,5",1',
    "2026-09-02,c,n,EUR,1.234,1",
    "2026-09-02,c,n,EUR,oops,1", "2026-09-02,c,n,EUR,1", "2026-09-02,c,n,EUR,1,1,more",
    '2026-09-02,c,"n\nm",EUR,1,1',
    "2026-09-02,[7],n,EUR,1,1", "2026-09-02,c,n,Euro,1,1", "2199-01-01,c,n,EUR,1,1", "2026-09-02,c,n,EUR,1_0,1",
)  # fmt: skip


def written(chance: random.Random, odd: str) -> str:
    decimals = chance.choice([0, 0, 2, 3])
    lines, sums = ["date,id,name,currency,spend,clicks"], {"spend": Decimal(), "clicks": 0}
    for _ in range(chance.randrange(1, 30)):
        day = date(2026, 9, 1) + timedelta(days=chance.randrange(60))
        spend = f"{chance.uniform(0, 5000):.{decimals}f}" if chance.random() > 0.1 else ""
        campaign = chance.randrange(5)
        clicks = chance.randrange(900)
        lines.append(f"{day},{campaign},Name {campaign},EUR,{spend},{clicks}")
        sums["spend"], sums["clicks"] = sums["spend"] + Decimal(spend or 0), sums["clicks"] + clicks
    if odd:
        lines.insert(chance.randrange(1, len(lines) + 1), odd.format(**sums))
    lines[:0] = chance.choice(
        [[], [], ["Campaigns by day", ""], ['"Report of ""all"" campaigns"'], ['"a title', 'of two lines"']]
    )
    return chance.choice(["\n", "\r\n"]).join(lines) + chance.choice(["", "\n"])


def result(source: FileSource, files: dict[str, Path], *, quick: bool) -> tuple[Any, ...]:
    found = read_source(source, files, date(2026, 11, 23), "EUR", quick=quick)
    rows = found.connection.execute(f"select {COLUMNS} from rows order by all").fetchall()
    faults = {name: [str(one) for one in faults] for name, faults in found.faults.items()}
    facts = {
        name: (one.rows, one.first_day, one.last_day, one.measures, [said for said in one.said if "total" in said])
        for name, one in found.files.items()
    }
    found.close()
    return rows, faults, facts


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_way_gives_what_the_careful_way_gives(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = {}
    for at in range(16):
        path = tmp_path / f"e_{at}.csv"
        path.write_text(written(chance, chance.choice(ODD)), encoding="utf-8", newline="")
        files[path.name] = path
    measures = {"spend": MeasureColumn("spend"), "clicks": MeasureColumn("clicks")}
    key = ("date", "campaign_id") if seed % 2 else ()
    source = FileSource(
        "s", "s", tmp_path / "e_*.csv", "date", measures,
        campaign_id="id", campaign_name="name", currency_column="currency", key=key,
    )  # fmt: skip
    quick, careful = result(source, files, quick=True), result(source, files, quick=False)
    assert quick == careful
    assert careful[0] or careful[1]


# What makes one record odd: its name and value.
ODD_VALUES: tuple[tuple[str, Any], ...] = (
    ("", ""), ("day", None), ("day", "01.09.2026"), ("day", 20260901), ("day", "2026-09-01T23:30:00Z"), ("day", 45000),
    ("id", "[7]"), ("id", "--"), ("id", 7.5), ("id", True), ("name", "Total"), ("name", " Total "), ("name", "n\nm"),
    ("name", 12), ("spend", "1.234"), ("spend", "1,234.50"), ("spend", "oops"), ("spend", 1e-7), ("spend", 1e300),
    ("spend", float("inf")), ("spend", float("nan")), ("spend", True), ("spend", 0.1 + 0.2), ("spend", -3),
    ("clicks", 1.5), ("clicks", 12.345), ("clicks", "5"), ("clicks", 2**60), ("spend", 2**70),
)  # fmt: skip


def recorded(chance: random.Random, odd: tuple[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for at in range(chance.randrange(1, 30)):
        day = date(2026, 9, 1) + timedelta(days=at if chance.random() < 0.9 else 0)
        campaign = chance.randrange(3)
        spend = chance.choice([None, 0, 7, 0.5, round(chance.uniform(0, 5000), 2), chance.uniform(0, 9)])
        row = {"day": day.isoformat(), "id": campaign, "name": f"Name {campaign}", "spend": spend, "clicks": at}
        rows.append({name: value for name, value in row.items() if value is not None or chance.random() < 0.5})
    name, value = odd
    if name:
        rows[chance.randrange(len(rows))][name] = value
    return rows


@pytest.mark.parametrize("odd", ODD_VALUES)
def test_records_read_the_quick_way_are_what_the_careful_way_gives(
    tmp_path: Path, odd: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(clean, "_keep", lambda rows, plain, into: [kept.extend(plain), _KEEP(rows, plain, into)])
    connector = Connector("singer", "tap-vendor==1.0.0")
    for seed in range(2):
        measures = {"spend": MeasureColumn("spend"), "clicks": MeasureColumn("clicks")}
        source = FileSource(
            "s", "s", tmp_path / "s", "day", measures,
            campaign_id="id", campaign_name="name", currency="EUR", totals="keep", connector=connector,
        )  # fmt: skip
        path = tmp_path / f"{seed}.parquet"
        recorder = Recorder(path, source, ("day", "id") if seed % 2 else ())
        try:
            recorder.add(recorded(random.Random(f"{odd}{seed}"), odd))
            recorder.close()
        except Refused:
            continue
        quick, careful = (result(source, {"s": path}, quick=is_quick) for is_quick in (True, False))
        assert quick == careful
    assert kept or odd[0]
