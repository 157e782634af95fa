"""The analysts' copy takes over what the one before held: rows and comments are those of a copy from nothing."""

import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta

import duckdb
import pytest

from okr_reports.warehouse.snapshot import write_snapshot
from tests.test_damage import spoil

FIRST = date(2025, 1, 1)
DAYS = 400
STATES = "'on_track', 'at_risk', 'off_track'"


def state(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    connection.execute(
        f"create or replace table marts.states as select n as id, [{STATES}][1 + (hash(n, {seed}) % 3)::int] as status,"
        f" date '{FIRST}' + (n % 90)::int as date from range(900) as r(n) order by hash(n, {seed})"
    )


def put(connection: duckdb.DuckDBPyConnection, day: date, seed: int, channels: int = 6) -> None:
    """The numbers of a day, as the model appends them: other ones for another seed."""
    again(connection, day, day, seed, channels=channels)


def again(
    connection: duckdb.DuckDBPyConnection, first: date, last: date, seed: int, channels: int = 6, campaigns: int = 25
) -> None:
    """Some days made again, as the model does it."""
    connection.execute("delete from intermediate.facts where date between ? and ?", [first, last])
    connection.execute(
        "insert into intermediate.facts select $first::date + day::int, 'c' || channel, n,"
        " hash(n, channel, day, $first, $seed) % 1000 / 7 from range($days) as days(day),"
        " range($channels) as channels(channel), range($campaigns) as r(n) order by channel, day",
        {
            "first": first, "days": (last - first).days + 1, "seed": seed, "channels": channels, "campaigns": campaigns
        },
    )  # fmt: skip


def fill(connection: duckdb.DuckDBPyConnection, campaigns: int) -> None:
    connection.execute(
        "create or replace table intermediate.facts (date date, channel varchar, campaign bigint, value decimal(38, 9))"
    )
    connection.execute(
        f"insert into intermediate.facts select date '{FIRST}' + day::int, 'c' || channel, n,"
        f" hash(n, channel, day) % 1000 / 7 from range({DAYS}) as days(day), range(6) as channels(channel),"
        f" range({campaigns}) as r(n) order by channel, day"
    )


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema intermediate")
        fill(connection, 25)
        connection.execute(
            "create table intermediate.names as select n as campaign, 'n' || n as name from range(400) as r(n)"
        )
        connection.execute(
            "create table intermediate.closed as select ?::date as through", [FIRST + timedelta(DAYS - 30)]
        )
        connection.execute(
            "create view marts.fct as select date, channel, campaign, name, value, date > through as is_provisional"
            " from intermediate.facts left join intermediate.names using (campaign) cross join intermediate.closed"
        )
        connection.execute("comment on column marts.fct.value is 'in EUR'")
        connection.execute("comment on table marts.fct is 'facts [01234567]'")
        state(connection, 0)
    return path


@pytest.fixture
def copy(warehouse, tmp_path):
    """The copy as it is brought along; the function writes it, and says how it differs from one from nothing."""

    def written() -> list[str]:
        write_snapshot(warehouse, tmp_path / "okr.duckdb")
        whole = tmp_path / "whole" / "okr.duckdb"
        whole.unlink(missing_ok=True)
        write_snapshot(warehouse, whole)
        return differences(tmp_path / "okr.duckdb", whole)

    written.path = tmp_path / "okr.duckdb"
    return written


def differences(path, whole) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as a (read_only); attach '{whole}' as b (read_only)")
        found = []
        shapes = {
            of: connection.execute(
                "select schema_name, table_name, t.comment,"
                " list((column_name, c.data_type, c.comment) order by column_index)"
                " from duckdb_tables() as t join duckdb_columns() as c using (database_name, schema_name, table_name)"
                " where database_name = ? group by all order by all",
                [of],
            ).fetchall()
            for of in "ab"
        }
        others = {
            of: connection.execute(
                "select 'schema', schema_name from duckdb_schemas() where database_name = $1 and not internal union all"
                " select 'view', view_name from duckdb_views() where database_name = $1 and not internal union all"
                " select 'index', index_name from duckdb_indexes() where database_name = $1 order by all",
                [of],
            ).fetchall()
            for of in "ab"
        }
        if shapes["a"] != shapes["b"]:
            found.append(f"{shapes['a']} is not {shapes['b']}")
        if others["a"] != others["b"]:
            found.append(f"{others['a']} is not {others['b']}")
        for schema, table, *_ in shapes["b"]:
            for one, other in ("ab", "ba"):
                rows = connection.execute(
                    f"select count(*) from (from {one}.{schema}.{table} except all from {other}.{schema}.{table})"
                ).fetchall()
                if rows != [(0,)]:
                    found.append(f"{rows[0][0]} rows of {table} are in {one} alone")
            if table != "fct":
                first, second = (connection.execute(f"from {of}.{schema}.{table}").fetchall() for of in "ab")
                if first != second:
                    found.append(f"{table} is in another order")
        return found


def blocks(path, table: str = "fct") -> set[tuple[int, int]]:
    """Where in its file the table's values lie."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return set(
            connection.execute(
                f"select block_id, block_offset from pragma_storage_info('marts.{table}') where persistent"
            ).fetchall()
        )


def groups_to_read(path, day: date) -> int:
    """The row groups that a query of one day cannot pass over, by what is stored of their least and greatest day."""
    with duckdb.connect(str(path), read_only=True) as connection:
        stats = connection.execute(
            "select row_group_id, stats from pragma_storage_info('marts.fct') where column_name = 'date'"
            " and segment_type <> 'VALIDITY'"
        ).fetchall()
    return len({group for group, of in stats if of["min"] <= day <= of["max"]})


def test_random_changes_give_the_rows_of_a_copy_from_nothing(warehouse, copy):
    assert copy() == []
    luck = random.Random(20)
    last = FIRST + timedelta(DAYS - 1)
    for seed in range(1, 16):
        with duckdb.connect(str(warehouse)) as connection:
            for change in luck.sample(range(7), luck.randrange(3)):
                day = FIRST + timedelta(luck.randrange(DAYS))
                if change == 0:
                    put(connection, day, seed)
                elif change == 1:
                    connection.execute("delete from intermediate.facts where date = ?", [day])
                elif change == 2:
                    last += timedelta(1)
                    put(connection, last, seed, channels=luck.randrange(1, 6))
                elif change == 3:
                    connection.execute("update intermediate.names set name = name || 'x' where campaign = ?", [seed])
                elif change == 4:
                    connection.execute("update intermediate.closed set through = through + 1")
                elif change == 5:
                    connection.execute(
                        "update intermediate.facts set value = value + 0.000000001 where date = ? and campaign = 7"
                        " and channel = 'c2'",
                        [day],
                    )
                else:
                    # two numbers change places: all sums stay what they were
                    connection.execute(
                        "update intermediate.facts set value = (select sum(value) from intermediate.facts as f"
                        " where f.date = $1 and f.channel = 'c1' and f.campaign in (1, 2)) - value"
                        " where date = $1 and channel = 'c1' and campaign in (1, 2)",
                        [day],
                    )
            if luck.random() < 0.5:
                state(connection, seed)
        assert copy() == [], f"after seed {seed}"


def test_what_is_equal_stays_where_it_is(warehouse, copy):
    copy()
    before, states = blocks(copy.path), blocks(copy.path, "states")
    with duckdb.connect(str(warehouse)) as connection:
        put(connection, FIRST + timedelta(DAYS - 1), 1)
        connection.execute("create or replace table marts.states as from marts.states order by hash(id)")
    assert copy() == []
    assert len(before & blocks(copy.path)) > len(before) / 2
    assert blocks(copy.path, "states") == states


def test_months_of_days_leave_size_and_order_as_those_of_a_copy_from_nothing(warehouse, copy, tmp_path):
    with duckdb.connect(str(warehouse)) as connection:
        fill(connection, 300)
    write_snapshot(warehouse, copy.path)
    for number in range(0, 80, 5):
        today = FIRST + timedelta(DAYS + number)
        with duckdb.connect(str(warehouse)) as connection:
            again(connection, today - timedelta(14), today, number, campaigns=300)
            connection.execute("update intermediate.closed set through = ?", [today - timedelta(7)])
            state(connection, number)
        write_snapshot(warehouse, copy.path)
    whole = tmp_path / "whole.duckdb"
    write_snapshot(warehouse, whole)
    assert differences(copy.path, whole) == []
    # a third may be free, and days are left in more row groups than they need
    assert copy.path.stat().st_size < 2 * whole.stat().st_size
    for back in (0, 20, 60, 110, 300, 480):
        day = today - timedelta(back)
        assert groups_to_read(copy.path, day) <= groups_to_read(whole, day) + 1


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_copy_is_written_from_nothing(warehouse, copy, seed):
    copy()
    copy.path.write_bytes(spoil(copy.path.read_bytes(), seed))
    assert copy() == []


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 300_000])
def test_what_is_no_copy_is_replaced(copy, content):
    copy.path.write_bytes(content)
    assert copy() == []


@pytest.mark.parametrize(
    "done",
    [
        "update marts.fct set value = value + 1 where campaign = 3 and channel = 'c1'",
        "delete from marts.fct where date < date '2025-03-01'",
        "insert into marts.fct by name select null::date as date, 'c1' as channel",
        "alter table marts.fct add column more varchar",
        "alter table marts.fct rename column value to amount",
        "alter table marts.fct alter value type double",
        "comment on column marts.fct.name is 'mine'",
        "comment on table marts.states is 'mine'",
        "drop table marts.fct",
        "drop table marts.fct; create view marts.fct as select 1 as date",
        "create view marts.mine as from marts.fct",
        "create index mine on marts.states (id)",
        "create table main.mine as select 1 as x",
        "create schema mine; create table mine.t as select 1 as x",
        "drop schema marts cascade",
    ],
)
def test_what_somebody_did_to_a_copy_is_gone_with_the_next(copy, done):
    copy()
    with duckdb.connect(str(copy.path)) as connection:
        connection.execute(done)
    assert copy() == []


@pytest.mark.parametrize(
    "done",
    [
        "comment on column marts.fct.value is null",
        "comment on column marts.fct.value is 'other'",
        "create or replace view marts.fct as select date, channel, value from intermediate.facts",
        "create or replace view marts.fct as select date::timestamp as date, channel, value from intermediate.facts",
        "create or replace view marts.fct as select null::date as date, channel, value from intermediate.facts",
        "create or replace view marts.fct as select * from intermediate.facts where channel <> 'c3'",
        "create or replace view marts.fct as select * from intermediate.facts where false",
        "create view marts.fct_2 as from intermediate.facts",
        "drop view marts.fct; create table marts.fct as from intermediate.facts",
        "drop table marts.states",
    ],
)
def test_models_that_changed_are_copied_as_they_are(warehouse, copy, done):
    copy()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(done)
    assert copy() == []


def test_a_day_may_be_any_of_duckdb(warehouse, copy):
    copy()
    for day in ("infinity", "-infinity", "0044-03-15 (BC)", "10000-01-01", "5000-01-01"):
        for value in (1, 2):
            with duckdb.connect(str(warehouse)) as connection:
                connection.execute("delete from intermediate.facts where date = ?::date", [day])
                connection.execute("insert into intermediate.facts values (?::date, 'c1', 1, ?)", [day, value])
            assert copy() == [], day


def test_a_column_may_have_any_name(warehouse, copy):
    names = ("rows", "row", "day", "digest")
    for value in (1, 2):
        with duckdb.connect(str(warehouse)) as connection:
            columns = ", ".join(f"1 as {name}" for name in names)
            connection.execute(f"create or replace table marts.named as select {columns}, {value} as value")
        assert copy() == []


def test_a_file_of_another_version_of_the_storage_is_left(copy, tmp_path):
    copy()
    newer = tmp_path / "newer.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{newer}' as newer (storage_version 'latest'); attach '{copy.path}' as copy")
        connection.execute("copy from database copy to newer")
    newer.replace(copy.path)
    assert copy() == []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy.path}' as copy (read_only)")
        ((tags,),) = connection.execute("select tags from duckdb_databases() where database_name = 'copy'").fetchall()
    assert tags["storage_version"].startswith("v1.4.0")


def test_a_kill_at_any_moment_leaves_the_copy_before_or_the_new_one(warehouse, copy):
    assert copy() == []
    took = 0.0
    luck = random.Random(3)
    command = (
        "import sys, time; from pathlib import Path; from okr_reports.warehouse.snapshot import write_snapshot\n"
        "print('ready', flush=True); sys.stdin.readline(); began = time.time()\n"
        "write_snapshot(Path(sys.argv[1]), Path(sys.argv[2])); print(time.time() - began, flush=True)"
    )
    for number in range(8):
        old = duckdb.connect(str(copy.path), read_only=True)
        rows = old.execute("select sum(hash(f)) from marts.fct as f").fetchall()
        old.close()
        with duckdb.connect(str(warehouse)) as connection:
            put(connection, FIRST + timedelta(number), number)
            new = connection.execute("select sum(hash(f)) from marts.fct as f").fetchall()
        with subprocess.Popen(
            [sys.executable, "-c", command, str(warehouse), str(copy.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as writer:  # fmt: skip
            assert writer.stdin
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
            writer.stdin.write("\n")
            writer.stdin.flush()
            if number == 0:
                took = float(writer.stdout.readline())
            else:
                time.sleep(luck.random() * took)
                writer.send_signal(signal.SIGKILL)
        with duckdb.connect(str(copy.path), read_only=True) as connection:
            assert connection.execute("select sum(hash(f)) from marts.fct as f").fetchall() in (rows, new)
    assert copy() == []
    assert [path.name for path in copy.path.parent.iterdir() if "building" in path.name] == []
