"""Definitions as rows: baselines, paces, signatures, units, and the landing in a real DuckDB file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
import pytest

from okr_reports import okrs
from okr_reports.errors import OkrError
from okr_reports.okrs.rows import to_tables
from okr_reports.okrs.source import definitions_source, land
from okr_reports.okrs.tables import TABLES
from tests.support import ROOT

TODAY = date(2026, 11, 23)
LINKEDIN = {"channel": "linkedin_ads", "title": "LinkedIn Ads", "kind": "ads", "lookback_days": 30, "is_off": False}


def tables_of(definitions, channels=(LINKEDIN,)):
    return to_tables(
        definitions, today=TODAY, refresh_id="r1", refreshed_at=datetime(2026, 11, 23, 6, tzinfo=UTC), channels=channels
    )


def rows_of(folder, table: str) -> list[dict]:
    return tables_of(folder.good())[table].to_pylist()


def key_result(folder, fields: str, **more) -> dict:
    assert [finding for finding in folder.key_result(fields, **more) if ": error: " in finding] == []
    return next(row for row in rows_of(folder, "key_results") if row["key_result_id"] == "k")


def test_what_a_channel_was_set_to_count_is_a_part_of_its_kpis_definitions(folder):
    """Another choice is another version of the KPIs that count it, and of no others."""

    def signatures(**chosen: str) -> dict[str, str]:
        rows = tables_of(folder.good(), [LINKEDIN | chosen])["kpis"].to_pylist()
        return {row["kpi_id"]: (row["signature"], row["definition"]) for row in rows}

    usual, chosen = signatures(), signatures(counted_by="leads")
    changed = {name for name in usual if usual[name][0] != chosen[name][0]}
    claimed = {kpi.id for kpi in folder.good().kpis if {"leads", "conversions"} & {*kpi.measures}}
    assert changed == claimed != set()
    assert all('"counted": {"linkedin_ads": "leads"}' in chosen[name][1] for name in changed)


def test_every_table_has_its_schema_even_without_rows(folder):
    tables = tables_of(folder.good())
    assert {name: table.schema for name, table in tables.items()} == TABLES
    assert tables["notes"].num_rows == 0


def test_who_gets_the_digest_is_in_no_table():
    """The demo's own definitions, which name recipients; the warehouse and its copies are read by many."""
    definitions, _ = okrs.check(ROOT / "okr_definitions")
    addresses = [address for team in definitions.teams for address in team.recipients]
    tables = tables_of(definitions)
    assert addresses
    assert tables["key_results"].num_rows > 10
    assert [name for name, table in tables.items() if "@" in str(table.to_pylist())] == []


def test_the_order_of_sets_is_in_no_row():
    """A process has its own order of sets; rows that change with it would be built again by each refresh."""
    program = (
        "import hashlib, sys\n"
        "from pathlib import Path\n"
        "from okr_reports import okrs\n"
        "from tests.okrs.test_rows import tables_of\n"
        "tables = tables_of(okrs.check(Path(sys.argv[1]))[0])\n"
        "print(hashlib.sha256(repr({name: table.to_pylist() for name, table in tables.items()}).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT / "okr_definitions")],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": str(seed)}, check=True, capture_output=True, text=True,
        ).stdout
        for seed in range(4)
    }  # fmt: skip
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("baseline", "period", "expected"),
    [
        ("previous_period", "2026-Q4", ("previous_period", None, date(2026, 7, 1), date(2026, 9, 30))),
        ("previous_period", "2026-Q1", ("previous_period", None, date(2025, 10, 1), date(2025, 12, 31))),
        ("previous_period", "2026-03", ("previous_period", None, date(2026, 2, 1), date(2026, 2, 28))),
        ("previous_period", "2026", ("previous_period", None, date(2025, 1, 1), date(2025, 12, 31))),
        ("previous_period", "launch", ("previous_period", None, date(2026, 6, 15), date(2026, 9, 14))),
        ("same_period_last_year", "2025-02", ("same_period_last_year", None, date(2024, 2, 1), date(2024, 2, 29))),
        ("same_period_last_year", "2024-02", ("same_period_last_year", None, date(2023, 2, 1), date(2023, 2, 28))),
        ("same_period_last_year", "leap", ("same_period_last_year", None, date(2027, 2, 28), date(2027, 5, 1))),
        ("230", "2026-Q4", ("number", Decimal("230.000000000"), None, None)),
    ],
)
def test_a_baseline_is_a_number_or_an_interval(folder, baseline, period, expected):
    folder.write(
        "periods.yml",
        "periods:\n- {id: launch, start: 2026-09-15, end: 2026-12-15}\n"
        "- {id: leap, start: 2028-02-29, end: 2028-05-01}\n",
    )
    row = key_result(folder, f"type: increase, kpi: leads, change: 20%, baseline: {baseline}", period=period)
    assert tuple(row[f"baseline_{name}"] for name in ("kind", "value", "start", "end")) == expected


def test_people_fix_no_score(folder):
    """Another owner or more contributors make no new version of a target, and no other score."""
    before = key_result(folder, "type: increase, kpi: leads, target: 276")
    after = key_result(folder, "type: increase, kpi: leads, target: 276, owner: Luis, contributors: [Ana, Pau, Ana]")
    assert (before["owner"], before["contributors"]) == (None, None)
    assert (after["owner"], after["contributors"]) == ("Luis", "Ana, Pau")
    assert all(before[name] == after[name] for name in ("signature", "definition_signature"))


@pytest.mark.parametrize(
    ("written", "number", "of"),
    [("5", 5, None), ('"5"', None, None), ("5 users", 5, "users"), ("12 pruebas con niños", 12, "pruebas con niños"),
     ("0", None, None), ("2.5", None, None), ("users", None, None), ("-1", None, None), ("60%", None, None),
     ("5  ", 5, None), ("true", None, None), ("99999 users", None, None), ("[5]", None, None)],
)  # fmt: skip
@pytest.mark.parametrize(
    "type_",
    ["qualitative", "binary", "count_range, low: 3, high: 5", "at_least, target: 4", "at_most, kpi: leads, target: 400",
     "increase, baseline: 2, target: 5", "milestones, milestones: [{id: one, title: One}]"],
)  # fmt: skip
def test_evidence_is_a_number_of_cases_and_fixes_no_score(folder, type_, written, number, of):
    fields = f"type: {type_}, evidence: {written}"
    if number is None:
        assert any("evidence: 5 users" in finding for finding in folder.key_result(fields))
        return
    row = key_result(folder, fields)
    assert (row["evidence_target"], row["evidence_of"]) == (number, of)
    without = key_result(folder, f"type: {type_}")
    assert all(row[name] == without[name] for name in ("signature", "definition_signature"))


def test_a_pace_table_begins_at_nothing_and_ends_at_all(folder):
    key_result(folder, "type: increase, kpi: leads, target: 5, pace: {2026-11-30: 60%, 2026-10-31: 25%}")
    assert [(row["date"], row["share"]) for row in rows_of(folder, "pace_points")] == [
        (date(2026, 9, 30), 0.0),
        (date(2026, 10, 31), 0.25),
        (date(2026, 11, 30), 0.6),
        (date(2026, 12, 31), 1.0),
    ]


def test_the_signature_follows_the_target_and_nothing_else(folder):
    first = key_result(folder, "type: increase, kpi: leads, target: 276")["signature"]
    same = key_result(folder, "type: increase, kpi: leads, target: 276.00, weight: 2, kpis: [ctr]")
    assert same["signature"] == first
    assert key_result(folder, "type: increase, kpi: leads, target: 277")["signature"] != first
    assert key_result(folder, "type: increase, kpi: clicks, target: 276")["signature"] != first
    assert key_result(folder, "type: increase, kpi: leads, target: 276", period="2027-Q1")["signature"] != first


@pytest.mark.parametrize(
    ("fields", "unit"),
    [
        ("type: at_most, kpi: cost_per_lead, target: 3", "currency"),
        ("type: at_most, target: 3, unit: days", "days"),
        ("type: at_most, target: 3", "number"),
        ("type: count_range, low: 3, high: 5", "count"),
        ("type: binary", None),
    ],
)
def test_the_unit_is_the_kpis_or_its_own(folder, fields, unit):
    assert key_result(folder, fields)["unit"] == unit


def test_percentages_land_as_shares(folder):
    row = key_result(folder, "type: between, kpi: ctr, low: 0.4%, high: 0.006")
    assert (row["low"], row["high"]) == (Decimal("0.004"), Decimal("0.006"))
    assert key_result(folder, "type: increase, kpi: leads, change: 20%, baseline: 5")["change"] == 0.2


def test_an_objectives_own_measure_stands_beside_the_key_results(folder):
    folder.write(
        "o.yml",
        "objectives:\n- id: o\n  title: {es: Meta, en: Goal}\n  period: 2026-Q4\n"
        "  measure: {type: at_most, kpi: cost_per_lead, target: 30}\n",
    )
    row = next(row for row in rows_of(folder, "key_results") if row["objective_id"] == "o")
    assert (row["key_result_id"], row["role"], row["position"]) == ("objective/o", "objective_measure", 0)
    assert row["title"] == "Cost per lead"


def test_texts_come_in_the_reports_language_with_all_others_beside(folder):
    team = rows_of(folder, "teams")[0]
    assert team["title"] == "Redes de pago"
    assert team["title_texts"] == '{"es": "Redes de pago", "en": "Paid social"}'
    assert rows_of(folder, "objectives")[0]["title_texts"] == "{}"
    assert [row["title"] for row in rows_of(folder, "periods")] == ["T4 2026"]


def test_conditions_become_rows_of_values(folder):
    folder.write(
        "kpi.yml",
        "kpis:\n- id: k\n  kind: flow\n  measure: clicks\n  where:\n    channel: [linkedin_ads]\n"
        "    campaign_name: {like: 'Q3%', not: [a, b]}\n    campaign_id: {not: {like: '9%'}}\n"
        "    account_id: 508720451\n",
    )
    rows = [row for row in rows_of(folder, "kpi_conditions") if row["kpi_id"] == "k"]
    assert [(row["condition_no"], row["field"], row["operator"], row["value"]) for row in rows] == [
        (1, "channel", "in", "linkedin_ads"),
        (2, "account_id", "in", "508720451"),
        (3, "campaign_id", "not_like", "9%"),
        (4, "campaign_name", "like", "Q3%"),
        (5, "campaign_name", "not_in", "a"),
        (5, "campaign_name", "not_in", "b"),
    ]


def test_check_ins_keep_their_order_and_have_ids_of_their_own(folder):
    folder.write(
        "b.yml",
        "check_ins:\n- {date: 2026-11-02, key_result: base_days, value: 4}\n"
        "- {date: 2026-11-02, key_result: base_days, value: 3.5}\n"
        "- {date: 2026-11-02, key_result: base_steps, done: [one, two, one]}\n",
    )
    folder.write("a.yml", "check_ins:\n- {date: 2026-11-03, key_result: base_days, value: 3}\n")
    rows = rows_of(folder, "check_ins")
    assert [(row["position"], row["check_in_id"], row["value"]) for row in rows] == [
        (1, "base_days/2026-11-03", Decimal(3)),
        (2, "base_days/2026-11-02", Decimal(4)),
        (3, "base_days/2026-11-02/2", Decimal("3.5")),
        (4, "base_steps/2026-11-02", None),
    ]
    assert [row["milestone_id"] for row in rows_of(folder, "check_in_milestones")] == ["one", "two"]


def test_a_file_source_makes_a_channel_and_measures(folder):
    folder.write("web.csv", "day,visits,cost\n")
    folder.write(
        "files.yml",
        "file_sources:\n- {id: web, path: web.csv, channel: web_shop, date: day, "
        "measures: {visits: visits, shop_revenue: {column: cost, scale: 0.01}}}\n",
    )
    assert [{name: row[name] for name in LINKEDIN} for row in rows_of(folder, "channels")] == [
        LINKEDIN,
        {**LINKEDIN, "channel": "web_shop", "title": "Web shop", "kind": "file", "lookback_days": 0},
    ]
    measures = {row["measure"]: row["is_money"] for row in rows_of(folder, "measures")}
    assert measures["visits"] is False
    assert measures["shop_revenue"] is True
    assert measures["spend"] is True
    source = folder.good().file_sources[0]
    assert source.pattern == folder.path / "web.csv"
    assert source.measures["shop_revenue"].scale == Decimal("0.01")
    assert source.defined_at == f"{folder.path}/files.yml:2"


def test_every_table_lands_in_duckdb_and_is_replaced_whole(folder, tmp_path):
    folder.write("exchange_rates.csv", "date,currency,rate\n2026-11-02,USD,0.861234567891\n")
    folder.write("notes.yml", "notes:\n- {date: 2026-11-02, on: kpi/leads, text: Gone tomorrow}\n")
    warehouse, pipelines = tmp_path / "w.duckdb", tmp_path / "pipelines"
    tables = tables_of(folder.good())
    land(tables, warehouse=warehouse, pipelines_dir=pipelines)
    folder.path.joinpath("notes.yml").unlink()
    land(tables_of(folder.good()), warehouse=warehouse, pipelines_dir=pipelines)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counts = {name: connection.table(f"definitions.{name}").shape[0] for name in TABLES}
        types = {
            name: dict(zip(table.columns, map(str, table.types), strict=True))
            for name in TABLES
            for table in [connection.table(f"definitions.{name}")]
        }
        rate = connection.execute("select rate from definitions.exchange_rates").fetchone()
    assert tables["notes"].num_rows == 1
    assert counts == {name: table.num_rows for name, table in tables.items()} | {"notes": 0}
    assert [name for name, schema in TABLES.items() if set(schema.names) - set(types[name])] == []
    assert types["key_results"]["target"] == "DECIMAL(28,9)"
    assert types["context"]["today"] == "DATE"
    assert types["context"]["refreshed_at"] == "TIMESTAMP WITH TIME ZONE"
    assert rate == (Decimal("0.861234567891"),)


def test_what_is_there_is_not_loaded_again_unless_its_load_never_ended(folder, tmp_path):
    warehouse, pipelines = tmp_path / "w.duckdb", tmp_path / "pipelines"

    def landed(refresh: str, today: date = TODAY) -> tuple:
        context = tables_of(folder.good())["context"]
        told = pa.table({**context.to_pydict(), "refresh_id": [refresh], "today": [today]}, schema=context.schema)
        land({**tables_of(folder.good()), "context": told}, warehouse=warehouse, pipelines_dir=pipelines)
        with duckdb.connect(str(warehouse)) as connection:
            loads = connection.execute("select count(*) from definitions._dlt_loads").fetchall()
            refreshes = connection.execute("select refresh_id, today from definitions.context").fetchall()
            unfinished = connection.execute(
                "select count(*) from definitions.context"
                " where _dlt_load_id not in (select load_id from definitions._dlt_loads)"
            ).fetchall()
        return loads[0][0], refreshes, unfinished[0][0]

    tomorrow = TODAY + timedelta(days=1)
    assert landed("one") == (1, [("one", TODAY)], 0)
    assert landed("two") == (1, [("two", TODAY)], 0)
    assert landed("three", tomorrow) == (1, [("three", tomorrow)], 0)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update definitions.context set _dlt_load_id = 'died'")
    assert landed("four", tomorrow) == (2, [("four", tomorrow)], 0)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into definitions.context from definitions.context")
    assert landed("five", tomorrow) == (3, [("five", tomorrow)], 0)


def test_a_column_of_an_earlier_version_goes_with_what_it_held(folder, tmp_path):
    warehouse, tables = tmp_path / "w.duckdb", tables_of(folder.good())
    land(tables, warehouse=warehouse, pipelines_dir=tmp_path / "pipelines")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("alter table definitions.teams add column recipients varchar default 'ana@example.com'")
    land(tables, warehouse=warehouse, pipelines_dir=tmp_path / "pipelines")
    with duckdb.connect(str(warehouse)) as connection:
        columns = [column for column, *_ in connection.execute("describe definitions.teams").fetchall()]
    assert columns == [*tables["teams"].column_names, "_dlt_load_id"]


def test_a_copied_workspace_lands_in_its_own_warehouse(folder, tmp_path, monkeypatch):
    tables, first, copy = tables_of(folder.good()), tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    for workspace in (first, copy):
        monkeypatch.chdir(workspace)
        land(tables, warehouse=Path(".okr.duckdb"), pipelines_dir=Path("dlt"))
        if workspace == first:
            shutil.copytree(first, copy)
            copy.joinpath(".okr.duckdb").unlink()
    assert units(copy / ".okr.duckdb") == units(first / ".okr.duckdb")


def units(warehouse) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("select distinct unit from definitions.key_results order by 1").fetchall()


def test_neither_a_changed_type_nor_a_load_that_broke_off_stops_the_next(folder, tmp_path):
    warehouse, pipelines = tmp_path / "w.duckdb", tmp_path / "pipelines"
    tables = tables_of(folder.good())
    results = tables["key_results"]
    place = results.column_names.index("unit")
    older = {**tables, "key_results": results.set_column(place, "unit", pa.array([7] * results.num_rows))}
    land(older, warehouse=warehouse, pipelines_dir=pipelines)
    assert units(warehouse) == [(7,)]
    pipeline = dlt.pipeline(
        "definitions", pipelines_dir=str(pipelines), dataset_name="definitions",
        destination=dlt.destinations.duckdb(str(warehouse)),
    )  # fmt: skip
    pipeline.extract(definitions_source(older))
    pipeline.normalize()
    assert pipeline.has_pending_data
    land(tables, warehouse=warehouse, pipelines_dir=pipelines)
    assert units(warehouse) == [("days",), (None,)]


def test_a_warehouse_that_cannot_be_written_is_named(folder, tmp_path):
    warehouse = tmp_path / "w.duckdb"
    warehouse.write_text("no database")
    with pytest.raises(OkrError, match=r"the definitions could not be written to .*w\.duckdb: .*; refresh again"):
        land(tables_of(folder.good()), warehouse=warehouse, pipelines_dir=tmp_path / "pipelines")


def test_a_channel_of_files_has_the_title_that_is_given(folder):
    folder.write("web.csv", "day,visits\n")
    folder.write(
        "files.yml",
        "channels: [{id: web_shop, title: {es: Tienda, en: Shop}}]\n"
        "file_sources: [{id: web, path: web.csv, channel: web_shop, date: day, measures: {visits: visits}}]\n",
    )
    assert [row["title"] for row in rows_of(folder, "channels")] == ["LinkedIn Ads", "Tienda"]
    folder.write(
        "more.yml", "channels: [{id: ga4, title: GA}, {id: web_shp, title: Shop}, {id: web_shop, title: Again}]\n"
    )
    said = " | ".join(folder.findings())
    for words in (
        "`ga4` is Google Analytics",
        "makes the channel `web_shp`; did you mean `web_shop`?",
        "stands already at",
    ):
        assert words in said
