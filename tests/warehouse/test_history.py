"""What was published on a past day comes back to the byte, and a day costs only what changed."""

from datetime import date, timedelta

import duckdb
import pytest

from okr_reports.errors import OkrError
from okr_reports.warehouse import history, ops
from okr_reports.warehouse.snapshot import write_snapshot

FIRST = date(2026, 1, 1)


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.facts as
            select date '2026-01-01' + cast(i % 200 as integer) as date, 'c' || (i // 200) as campaign,
                cast(i as decimal(28, 9)) / 7 as amount
            from range(20000) as r(i)
            """
        )
        connection.execute("comment on column marts.facts.amount is 'in EUR'")
        connection.execute("create table marts.state as select 'on_track' as status, null::date as date")
    ops.ensure_tables(path)
    return path


def dump(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = {name: connection.execute(f"from marts.{name} order by all").fetchall() for name in ("facts", "state")}
        comments = connection.execute(
            "select table_name, column_name, data_type, comment from duckdb_columns()"
            " where schema_name = 'marts' order by 1, 2"
        ).fetchall()
    return tables, comments


def publish(warehouse, tmp_path, day):
    snapshot = tmp_path / "okr.duckdb"
    write_snapshot(warehouse, snapshot)
    folder = tmp_path / "history"
    before = set(folder.glob("parts/*"))
    history.keep(history.write_marts(snapshot, folder), warehouse, folder, day)
    new = set(folder.glob("parts/*")) - before
    return len([path for path in new if not path.name.startswith("publications")]), dump(snapshot)


def test_each_day_comes_back_as_it_was(warehouse, tmp_path):
    _, first = publish(warehouse, tmp_path, date(2026, 7, 1))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update marts.facts set amount = amount + 1 where date = date '2026-03-03'")
        connection.execute("update marts.state set status = 'off_track'")
    added, second = publish(warehouse, tmp_path, date(2026, 7, 5))
    assert added == 2, "the month that was restated and the state"
    assert first != second
    for day, expected in ((date(2026, 7, 1), first), (date(2026, 7, 4), first), (date(2026, 7, 9), second)):
        target = tmp_path / "asof" / "okr.duckdb"
        history.restore(tmp_path / "history", history.known_on(tmp_path / "history", day), target)
        assert dump(target) == expected


def test_a_day_on_which_nothing_changed_adds_nothing(warehouse, tmp_path):
    publish(warehouse, tmp_path, date(2026, 7, 1))
    added, _ = publish(warehouse, tmp_path, date(2026, 7, 2))
    assert added == 0


def test_a_day_of_few_rows_writes_after_years_what_it_wrote_at_first(warehouse, tmp_path):
    """Four KPIs by day, three wide results a quarter, and a note of each publication."""

    def written(number):
        today = FIRST + timedelta(days=number)
        with duckdb.connect(str(warehouse)) as connection:
            days = f"from range(date '{FIRST}', date '{today}', interval 1 day) as days(day)"
            wide = ", ".join(f"hash(quarter, number, {column}) as c{column}" for column in range(40))
            connection.execute(
                f"create or replace table marts.kpis as select day::date as date, kpi, hash(day, kpi) % 999 as value,"
                f" kpi * 7 as target, 'EUR' as unit {days}, range(4) as kpis(kpi)"
            )
            connection.execute(
                f"create or replace table marts.results as select quarter::date as date, number, {wide}"
                f" from (select distinct date_trunc('quarter', day) as quarter {days}), range(3) as numbers(number)"
            )
            connection.execute(
                f"create or replace table marts.noted as select day::date as noted_on, md5(day::text) as id {days}"
            )
        publish(warehouse, tmp_path, today)
        return sum(path.stat().st_size for path in (tmp_path / "history").rglob("*") if path.is_file())

    def of_a_day(number):
        before = written(number)
        return written(number + 1) - before

    young, old = of_a_day(80), of_a_day(1_200)
    assert old < young * 1.5, (young, old)


def test_what_was_not_published_is_of_no_day(warehouse, tmp_path):
    folder = tmp_path / "history"
    write_snapshot(warehouse, tmp_path / "okr.duckdb")
    assert history.write_marts(tmp_path / "okr.duckdb", folder).tables
    with pytest.raises(OkrError, match="nothing has been published yet"):
        history.known_on(folder, date(2026, 7, 1))


def test_before_the_first_publication_nothing_was_known(warehouse, tmp_path):
    with pytest.raises(OkrError, match="nothing has been published yet"):
        history.known_on(tmp_path / "history", date(2026, 7, 1))
    publish(warehouse, tmp_path, date(2026, 7, 1))
    with pytest.raises(OkrError, match="first report was published on 2026-07-01"):
        history.known_on(tmp_path / "history", date(2026, 6, 30))
