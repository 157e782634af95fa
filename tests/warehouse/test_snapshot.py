"""The analysts' copy: whole, commented, readable by older clients, never in a refresh's way."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from okr_reports.warehouse.snapshot import write_snapshot

READ_WITH_OLD_CLIENT = """
import duckdb, sys
assert duckdb.__version__.startswith("1.4"), duckdb.__version__
connection = duckdb.connect(sys.argv[1], read_only=True)
print(connection.execute("select amount, twice from marts.t, marts.v").fetchall())
print(connection.execute("select comment from duckdb_columns() where column_name = 'amount'").fetchall())
"""
OLD_CLIENT = Path(__file__).parent / "duckdb-1.4.txt"


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.t as select 1.500000001::decimal(28,9) as amount, 'it''s' as name")
        connection.execute("comment on table marts.t is 'one row; it''s grain'")
        connection.execute("comment on column marts.t.amount is 'in EUR'")
        connection.execute("create view marts.v as select amount * 2 as twice from marts.t")
        connection.execute("comment on view marts.v is 'twice as much [0a1b2c3d]'")
        connection.execute("comment on column marts.v.twice is 'in EUR too'")
        connection.execute("create schema staging")
        connection.execute("create table staging.hidden as select 1 as x")
    return path


def test_holds_the_public_marts_with_their_comments_and_nothing_else(warehouse, tmp_path):
    target = tmp_path / "okr.duckdb"
    write_snapshot(warehouse, target)
    with duckdb.connect(str(target), read_only=True) as connection:
        assert connection.execute("select amount, name from marts.t").fetchall() == [(Decimal("1.500000001"), "it's")]
        assert connection.execute("select twice from marts.v").fetchall() == [(Decimal("3.000000002"),)]
        comments = connection.execute(
            "select comment from duckdb_columns() where table_name = 't' order by 1"
        ).fetchall()
        assert ("in EUR",) in comments
        assert connection.execute("select comment from duckdb_tables() where table_name = 't'").fetchall() == [
            ("one row; it's grain",)
        ]
        assert connection.execute("select comment from duckdb_tables() where table_name = 'v'").fetchall() == [
            ("twice as much",)
        ]
        assert connection.execute("select comment from duckdb_columns() where table_name = 'v'").fetchall() == [
            ("in EUR too",)
        ]
        assert connection.execute("select count(*) from duckdb_tables() where schema_name = 'staging'").fetchall() == [
            (0,)
        ]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "okr.duckdb."))] == []


def test_equal_rows_are_in_equal_places_whatever_order_a_build_made_them_in(warehouse, tmp_path):
    found = []
    for order in ("n", "hash(n)"):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                f"create or replace table marts.t as select n % 7 as k, n from range(50) as r(n) order by {order}"
            )
            connection.execute("create or replace view marts.v as select n from marts.t order by n desc")
        write_snapshot(warehouse, tmp_path / "okr.duckdb")
        with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as connection:
            found.append([connection.execute(f"select * from marts.{name} order by rowid").fetchall() for name in "tv"])
    assert found[0] == found[1]
    assert found[0][0] == sorted(found[0][0])
    assert found[0][1] == [(n,) for n in reversed(range(50))]


def test_a_view_of_many_rows_is_in_the_same_order_in_each_copy(warehouse, tmp_path):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table staging.facts as select n, n % 9 as k from range(500_000) as r(n)")
        connection.execute("create table staging.names as select n as k, n::varchar as name from range(9) as r(n)")
        connection.execute(
            "create or replace view marts.v as select n, name from staging.facts left join staging.names using (k)"
        )
    for _ in range(3):
        write_snapshot(warehouse, tmp_path / "okr.duckdb")
        with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as connection:
            assert connection.execute("select count(*) from marts.v where n <> rowid").fetchall() == [(0,)]


def test_an_open_session_neither_blocks_nor_notices_the_next_copies(warehouse, tmp_path):
    target = tmp_path / "okr.duckdb"
    write_snapshot(warehouse, target)
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys\n"
            "c = duckdb.connect(sys.argv[1], read_only=True)\n"
            "print('open', flush=True)\n"
            "for line in sys.stdin:\n"
            "    print(c.execute('select amount from marts.t').fetchall()[0][0], flush=True)\n",
            str(target),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        for count in range(20):
            with duckdb.connect(str(warehouse)) as connection:
                connection.execute("update marts.t set amount = ?", [count])
            write_snapshot(warehouse, target)
            reader.stdin.write("\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "1.500000001\n"
            with duckdb.connect(str(target), read_only=True) as connection:
                assert connection.execute("select amount from marts.t").fetchall() == [(Decimal(count),)]
    assert reader.returncode == 0


def test_a_client_of_duckdb_1_4_reads_it(warehouse, tmp_path):
    target = tmp_path / "okr.duckdb"
    write_snapshot(warehouse, target)
    client = tmp_path / "client"
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check",
            "--no-deps", "--require-hashes", "--target", str(client), "-r", str(OLD_CLIENT),
        ],
        check=True,
    )  # fmt: skip
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            READ_WITH_OLD_CLIENT,
            str(target),
        ],
        env={"PYTHONPATH": str(client)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert "1.500000001" in answer.stdout
    assert "in EUR" in answer.stdout
