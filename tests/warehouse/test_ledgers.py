"""What only the past knows comes back into a warehouse that lost it; what is damaged is found before it is used."""

import json
import random
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from okr_reports.errors import HistoryError, IntoThePastError
from okr_reports.settings import shipped
from okr_reports.warehouse import history, ops
from okr_reports.warehouse.history import audit, refreshing
from okr_reports.warehouse.history.days import _digest, read_day
from okr_reports.warehouse.history.ledgers import LEDGERS, bring_back
from okr_reports.warehouse.snapshot import write_snapshot

FIRST = date(2026, 7, 1)
_TABLES = """
create schema marts;
create schema intermediate;
create table marts.fct_key_result_reported (
    key_result_id varchar, date date, reported_on date, value decimal(38, 9), score double, status varchar);
comment on column marts.fct_key_result_reported.value is 'as published';
create table marts.fct_measure_daily (date date, channel varchar, account_id varchar, value decimal(38, 9));
create table intermediate.int_target_version (
    key_result_id varchar, version integer, valid_from date, refresh_id varchar, signature varchar);
create table intermediate.int_plan_days_kept (
    key_result_id varchar, version integer, valid_from date, date date, plan_amount double);
create table intermediate.int_campaigns_named (
    channel varchar, account_id varchar, campaign_id varchar, campaign_name varchar, seen_on date, version integer);
create table intermediate.int_resolved_target (
    key_result_id varchar, signature varchar, baseline decimal(38, 9), resolved_on date);
create table intermediate.int_kpi_version (kpi_id varchar, version bigint, valid_from date, signature varchar);
create table intermediate.int_key_result_closed (
    key_result_id varchar, period_id varchar, closing bigint, closed_on date, score double);
create table intermediate.int_campaign_closed (
    key_result_id varchar, period_id varchar, closing bigint, closed_on date, channel varchar, account_id varchar,
    campaign_id varchar);
create table intermediate.int_objective_closed (
    objective_id varchar, period_id varchar, closing bigint, closed_on date, score double);
"""


def refresh(folder: Path, day: date, *, into_the_past: bool = False, loads=("linkedin_ads",)) -> None:
    """What a refresh does about the past, with the rows of its models written here."""
    warehouse, kept = folder / "warehouse.duckdb", folder / "history"
    ops.ensure_tables(warehouse)
    refresh_id = f"refresh of {day}"
    refreshing.before_refresh(
        warehouse, kept, refresh_id=refresh_id, today=day, into_the_past=into_the_past, restores=True
    )
    with duckdb.connect(str(warehouse)) as connection:
        for statement in _TABLES.rstrip(";\n").split(";"):
            connection.execute(re.sub("create (schema|table)", r"create \1 if not exists", statement))
        for key_result in ("leads", "spend"):
            connection.execute(
                "insert into marts.fct_key_result_reported select ?, ?, ?, ?, 0.5, 'on_track' where not exists ("
                "select 1 from marts.fct_key_result_reported where key_result_id = ? and reported_on = ?)",
                [key_result, day - timedelta(days=1), day, day.toordinal() / 7, key_result, day],
            )
            connection.execute(
                "insert into intermediate.int_target_version select ?, 1, ?, ?, 'signed' where not exists ("
                "select 1 from intermediate.int_target_version where key_result_id = ?)",
                [key_result, day, refresh_id, key_result],
            )
        connection.execute(
            "insert into intermediate.int_campaigns_named select 'linkedin_ads', '7', 'c', 'Name', ?, 1"
            " where not exists (from intermediate.int_campaigns_named)",
            [day],
        )
        connection.execute(
            "insert into intermediate.int_resolved_target select 'leads', 'signed', 41.5, ? where not exists"
            " (from intermediate.int_resolved_target)",
            [day],
        )
        connection.execute(
            "insert into intermediate.int_key_result_closed select 'leads', 'q2', 1, ?, 0.9 where not exists"
            " (from intermediate.int_key_result_closed)",
            [day],
        )
        connection.execute(
            "insert into intermediate.int_kpi_version select 'leads', 1, ?, 'signed' where not exists"
            " (from intermediate.int_kpi_version)",
            [day],
        )
        for table, row in (
            ("int_campaign_closed", "'leads', 'q2', 1, day, 'ads', 'a', 'c'"),
            ("int_objective_closed", "'grow', 'q2', 1, day, 1"),
            ("int_plan_days_kept", "'leads', 1, day, day, 3"),
        ):
            connection.execute(
                f"insert into intermediate.{table} select {row} from (select ?::date as day)"
                f" where not exists (from intermediate.{table})",
                [day],
            )
        connection.execute("delete from marts.fct_measure_daily")
        for channel in loads:
            connection.execute("insert into marts.fct_measure_daily values (?, ?, '7', 1)", [FIRST, channel])
    write_snapshot(warehouse, folder / "okr.duckdb")
    ops.record_publication(
        warehouse, refresh_id=refresh_id, published_on=day, published_at=f"{day} 06:00:00+00", release_id=str(day)
    )
    marts = history.write_marts(folder / "okr.duckdb", kept)
    refreshing.after_publication(marts, warehouse, kept, refresh_id=refresh_id, day=day)


def rows(folder: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return {one.name: connection.execute(f"from {one.relation} order by all").fetchall() for one in LEDGERS}


def losses(folder: Path) -> list[str]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return [what for (what,) in connection.execute("select what from ops.history_losses").fetchall()]


@pytest.fixture(scope="module")
def four_days(tmp_path_factory):
    folder = tmp_path_factory.mktemp("four_days")
    for number in range(4):
        refresh(folder, FIRST + timedelta(days=number))
    return folder


@pytest.fixture
def kept(four_days, tmp_path):
    """A workspace's data after reports of four days."""
    return shutil.copytree(four_days, tmp_path / "data")


def test_the_list_names_every_table_that_no_full_refresh_may_drop():
    models = shipped("dbt_project") / "models"
    never_dropped = {
        path.stem for path in models.rglob("*.sql") if re.search(r"full_refresh\s*=\s*false", path.read_text())
    }
    assert never_dropped == {one.table for one in LEDGERS if one.schema != "ops"}


def test_a_lost_warehouse_gets_back_what_only_the_past_knows(kept, caplog):
    before = rows(kept)
    (kept / "warehouse.duckdb").unlink()
    refresh(kept, FIRST + timedelta(days=4))
    after = rows(kept)
    for name, old in before.items():
        assert set(old) <= set(after[name]), name
    assert after["target_versions"] == before["target_versions"]
    assert after["resolved_targets"] == before["resolved_targets"]
    assert after["closed_key_results"] == before["closed_key_results"] != []
    assert len(after["reported"]) == len(before["reported"]) + 2
    assert losses(kept) == []
    assert "brought back from history of 2026-07-04" in caplog.text
    with duckdb.connect(str(kept / "warehouse.duckdb"), read_only=True) as connection:
        (comment,) = connection.execute(
            "select comment from duckdb_columns() where column_name = 'value' and comment is not null"
        ).fetchone()
    assert comment == "as published"


def test_an_old_backup_of_the_warehouse_gets_back_the_days_it_lacks(kept):
    shutil.copyfile(kept / "warehouse.duckdb", kept / "backup")
    refresh(kept, FIRST + timedelta(days=4))
    before = rows(kept)
    shutil.copyfile(kept / "backup", kept / "warehouse.duckdb")
    ops.ensure_tables(kept / "warehouse.duckdb")
    restored = bring_back(kept / "warehouse.duckdb", kept / "history")
    assert restored.rows == {"publications": 1, "reported values": 2}
    assert rows(kept) == before
    assert bring_back(kept / "warehouse.duckdb", kept / "history").rows == {}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_rows_are_lost_come_back(kept, seed):
    """Any part of any ledgers, the whole of some: never a row too few, none twice."""
    before, luck = rows(kept), random.Random(seed)
    with duckdb.connect(str(kept / "warehouse.duckdb")) as connection:
        for one in luck.sample(LEDGERS, luck.randint(1, len(LEDGERS))):
            if one.schema != "ops" and luck.random() < 0.3:
                connection.execute(f"drop table {one.relation}")
            else:
                connection.execute(f"delete from {one.relation} where hash({one.key[0]}, {seed}) % 3 < 2")
    bring_back(kept / "warehouse.duckdb", kept / "history")
    assert rows(kept) == before


def test_what_the_sources_no_longer_give_is_named(kept):
    refresh(kept, FIRST + timedelta(days=4), loads=("linkedin_ads", "old_export"))
    (kept / "warehouse.duckdb").unlink()
    refresh(kept, FIRST + timedelta(days=5))
    (what,) = losses(kept)
    assert what.startswith("1 days from 2026-07-01 to 2026-07-01 of old_export 7 were in the report of 2026-07-05")
    refresh(kept, FIRST + timedelta(days=6))
    assert losses(kept) == [what], "said once, by the refresh that found it"


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_a_damaged_part_is_found_before_it_is_used(kept, how):
    day = FIRST + timedelta(days=3)
    manifest = read_day(kept / "history", day)
    parts = {table["ledger"]: kept / "history" / "parts" / table["parts"][0] for table in manifest.ledgers}
    damage(parts["reported"], how)
    assert any(parts["reported"].name in fault for fault in audit.faults(kept / "history"))
    with pytest.raises(HistoryError, match=re.escape(parts["reported"].name)):
        history.restore(kept / "history", day, kept / "copy.duckdb")
    (kept / "warehouse.duckdb").unlink()
    refresh(kept, FIRST + timedelta(days=4))
    assert {row[2] for row in rows(kept)["reported"]} == {FIRST + timedelta(days=n) for n in (0, 1, 2, 4)}
    assert any("reported values that came after 2026-07-03 are damaged" in what for what in losses(kept))


def test_a_damaged_part_of_unchanged_rows_is_written_again_and_said(kept):
    manifest = read_day(kept / "history", FIRST + timedelta(days=3))
    part = next(table for table in manifest.tables if table["name"] == "fct_measure_daily")["parts"][0]
    damage(kept / "history" / "parts" / part, "flipped")
    refresh(kept, FIRST + timedelta(days=4))
    (what,) = losses(kept)
    assert part in what
    assert "written again" in what
    assert list(audit.faults(kept / "history")) == []


@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
@pytest.mark.parametrize("number", range(4))
def test_the_chain_tells_of_every_day_that_was_changed(kept, number, how):
    assert list(audit.faults(kept / "history")) == []
    path = kept / "history" / "days" / f"{FIRST + timedelta(days=number)}.json"
    damage(path, how)
    is_newest_and_gone = how == "gone" and number == 3
    found = list(audit.faults(kept / "history"))
    assert bool(found) is not is_newest_and_gone
    if is_newest_and_gone:  # nothing after it holds its digest; the warehouse knows of it
        assert refreshing.newest_report(kept / "history", kept / "warehouse.duckdb") == FIRST + timedelta(days=3)


def test_what_tables_are_is_kept_once_for_all_days_and_written_again_where_it_is_damaged(kept):
    newest = FIRST + timedelta(days=3)
    (described,) = (kept / "history" / "tables").iterdir()
    before = read_day(kept / "history", newest)
    assert before.tables[0].keys() == {"name", "comment", "columns", "parts"}
    path = day_file(kept, 3)
    # The format of the version before said it in each day.
    manifest = {**json.loads(path.read_text()), "format": 2, "tables": before.tables, "ledgers": before.ledgers}
    del manifest["described"], manifest["digest"]
    path.write_text(json.dumps({**manifest, "digest": _digest(manifest)}))
    assert read_day(kept / "history", newest).tables == before.tables
    damage(described, "flipped")
    assert sum("is not what its name says" in fault for fault in audit.faults(kept / "history")) == 3
    refresh(kept, FIRST + timedelta(days=4))
    assert list(audit.faults(kept / "history")) == []


def test_a_day_that_was_made_up_does_not_fit_the_chain(kept):
    path = kept / "history" / "days" / "2026-07-02.json"
    manifest = json.loads(path.read_text())
    manifest["tables"] = manifest["tables"][:1]
    del manifest["digest"]
    manifest["digest"] = _digest(manifest)
    path.write_text(json.dumps(manifest))
    assert [fault for fault in audit.faults(kept / "history") if "was changed after 2026-07-03" in fault]


def test_a_history_without_a_chain_goes_on_and_is_chained_from_then(kept):
    """Version 0.1.0: a list of marts, no ledgers."""
    for path in (kept / "history" / "days").glob("*.json"):
        path.write_text(json.dumps(read_day(kept / "history", date.fromisoformat(path.stem)).tables))
    assert "the chain begins with the next report" in audit.summary(kept / "history")
    before = rows(kept)
    (kept / "warehouse.duckdb").unlink()
    refresh(kept, FIRST + timedelta(days=4))
    assert set(before["reported"]) <= set(rows(kept)["reported"])
    assert {row[1] for row in rows(kept)["publications"]} == {FIRST + timedelta(days=n) for n in range(5)}
    assert sorted(what.split(" are gone")[0] for what in losses(kept)) == [
        "the fixed baselines", "the versions of targets",
    ]  # fmt: skip
    assert list(audit.faults(kept / "history")) == []
    assert "chained since 2026-07-05" in audit.summary(kept / "history")


def test_a_day_before_the_newest_report_is_refused(kept):
    before = rows(kept)
    with pytest.raises(IntoThePastError, match="today is 2026-07-03, and the newest report is of 2026-07-04"):
        refresh(kept, FIRST + timedelta(days=2))
    assert rows(kept) == before
    refresh(kept, FIRST + timedelta(days=3))


def test_into_the_past_withdraws_the_later_reports(kept):
    refresh(kept, FIRST + timedelta(days=2), into_the_past=True)
    third = FIRST + timedelta(days=2)
    assert {row[2] for row in rows(kept)["reported"]} == {FIRST + timedelta(days=n) for n in range(3)}
    assert refreshing.newest_report(kept / "history", kept / "warehouse.duckdb") == third
    assert len(list((kept / "history" / "withdrawn").rglob("2026-07-04.json"))) == 1
    assert list(audit.faults(kept / "history")) == []


def day_file(kept: Path, number: int) -> Path:
    return kept / "history" / "days" / f"{FIRST + timedelta(days=number)}.json"


def test_a_day_cannot_be_taken_out_of_the_chain_by_the_form_of_version_0_1(kept):
    """A manifest of that version says no digest, so that one put in the place of another would be believed."""
    day_file(kept, 3).write_text("[]")
    assert [
        fault for fault in audit.faults(kept / "history") if "it is of no chain, though a day before it is" in fault
    ]
    with pytest.raises(HistoryError, match="of no chain"):
        history.restore(kept / "history", FIRST + timedelta(days=3), kept / "copy.duckdb")
    (kept / "warehouse.duckdb").unlink()
    refresh(kept, FIRST + timedelta(days=4))
    assert any("reported values that came after 2026-07-03 are damaged" in what for what in losses(kept))


@pytest.mark.parametrize("gone", [[3], [2, 3], [1], [0, 1, 2, 3]])
def test_the_warehouse_tells_of_days_that_are_gone_from_the_end(kept, gone):
    for number in gone:
        day_file(kept, number).unlink()
    published = ops.published_days(kept / "warehouse.duckdb")
    said = " ".join(audit.faults(kept / "history", published=published))
    assert all(f"a report of {FIRST + timedelta(days=number)} was published" in said for number in gone)
    refresh(kept, FIRST + timedelta(days=4))
    said = " ".join(audit.faults(kept / "history", published=ops.published_days(kept / "warehouse.duckdb")))
    assert all(f"a report of {FIRST + timedelta(days=number)} was published" in said for number in gone)


@pytest.mark.parametrize("name", ["2026-13-45.json", "abcd-ef-gh.json", "0000-00-00.json"])
def test_a_file_that_is_no_day_is_said_and_stops_nothing(kept, name):
    (kept / "history" / "days" / name).write_text("{}")
    assert [fault for fault in audit.faults(kept / "history") if name in fault]
    refresh(kept, FIRST + timedelta(days=4))
    assert refreshing.newest_report(kept / "history") == FIRST + timedelta(days=4)


def test_a_day_before_that_cannot_be_read_at_all_does_not_stop_the_next(kept):
    day_file(kept, 3).unlink()
    day_file(kept, 3).mkdir()
    refresh(kept, FIRST + timedelta(days=4))
    assert [fault for fault in audit.faults(kept / "history") if "2026-07-04.json cannot be used" in fault]
    assert len(rows(kept)["reported"]) == 10


def test_as_many_other_rows_do_not_hide_those_that_are_lost(kept):
    """A backup was used while history/ was not there: today's rows make up for the number of those lost."""
    with duckdb.connect(str(kept / "warehouse.duckdb")) as connection:
        connection.execute("delete from marts.fct_key_result_reported where reported_on = '2026-07-02'")
        connection.execute(
            "insert into marts.fct_key_result_reported select * replace ('2026-07-05'::date as reported_on)"
            " from marts.fct_key_result_reported where reported_on = '2026-07-04'"
        )
    assert bring_back(kept / "warehouse.duckdb", kept / "history").rows == {"reported values": 2}
    assert {row[2] for row in rows(kept)["reported"]} == {FIRST + timedelta(days=n) for n in range(5)}


def test_a_backup_of_an_older_version_gets_the_columns_it_lacks(kept):
    before = rows(kept)["reported"]
    with duckdb.connect(str(kept / "warehouse.duckdb")) as connection:
        connection.execute("delete from marts.fct_key_result_reported where reported_on > '2026-07-02'")
        connection.execute("alter table marts.fct_key_result_reported drop column status")
    assert bring_back(kept / "warehouse.duckdb", kept / "history").rows == {"reported values": 4}
    after = rows(kept)["reported"]
    assert [row[:5] for row in after] == [row[:5] for row in before]
    assert {row[5] for row in after if row[2] > date(2026, 7, 2)} == {"on_track"}


def test_into_the_past_takes_out_what_was_loaded_of_days_to_come(kept):
    """Of a channel, which asks again day by day; the rows of files, which plans are made of, stay."""
    with duckdb.connect(str(kept / "warehouse.duckdb")) as connection:
        for schema in ("ga4", "mailchimp", "files"):
            connection.execute(f"create schema {schema}")
        for schema, column in (("ga4", "date"), ("mailchimp", "observed_on"), ("files", "date")):
            connection.execute(
                f"create table {schema}.facts as select '2026-07-01'::date + range::int as {column} from range(9)"
            )
        for schema in ("ga4", "mailchimp"):
            connection.execute(f"create table {schema}.loaded_windows (account_id varchar)")
    refresh(kept, FIRST + timedelta(days=2), into_the_past=True)
    with duckdb.connect(str(kept / "warehouse.duckdb"), read_only=True) as connection:
        left = [
            connection.execute(f"select count(*) from {one}.facts").fetchone()[0]
            for one in ("ga4", "mailchimp", "files")
        ]
    assert left == [2, 2, 9]
