"""The twenty questions of docs/analysts.md over ten million rows of facts. Target: a median of 100 ms.

The rows are those of the demo's copy with every campaign thirty times, so it needs one: `make report` first. The copy
is written from nothing and then once for each of thirty days that bring their last thirty days anew, as refreshes do.
Questions 15 and 17, which ask for some days of all channels, are asked of the same rows in the order of their days too,
and may take 1.5 times as long as there.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.targets import hold
from okr_reports.settings import Workspace
from okr_reports.warehouse.snapshot import write_snapshot

PAGE = Path(__file__).parent.parent / "docs" / "analysts.md"
ROWS = 10_000_000
RUNS = 7
NEW_DAYS, AGAIN = 30, 30
OF_SOME_DAYS = ("15.", "17.")
MOST_TIMES = 1.5
FACTS = ("fct_measure_daily", "fct_ad_daily")
BUDGET_MS = 100.0


def multiply(snapshot: Path, target: Path, order: str) -> int:
    """A warehouse with the copy's marts and at least `ROWS` facts in an order, which are views as in a real one."""
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"attach '{snapshot}' as demo (read_only)")
        connection.execute("create schema marts; create schema facts")
        (rows,) = connection.execute("select count(*) from demo.marts.fct_measure_daily").fetchone() or (1,)
        times = -(-ROWS // rows)
        for (name,) in connection.execute(
            "from duckdb_tables() select table_name where database_name = 'demo' and schema_name = 'marts'"
        ).fetchall():
            if name not in FACTS:
                connection.execute(f"create table marts.{name} as from demo.marts.{name}")
                continue
            campaign = "case n when 0 then campaign_id else campaign_id || '-' || n end as campaign_id"
            connection.execute(
                f"create table facts.{name} as select f.* replace ({campaign})"
                f" from demo.marts.{name} f, range({times}) r(n) order by {order}"
            )
            connection.execute(f"create view marts.{name} as from facts.{name}")
        return rows * times


def bring_again(warehouse: Path, back: int) -> None:
    """As a day's build does: the days up to `back` days before the last are taken out and put behind the others."""
    with duckdb.connect(str(warehouse)) as connection:
        for name in FACTS:
            days = (
                f"date between (select max(date) - {back + AGAIN} from facts.{name})"
                f" and (select max(date) - {back} from facts.{name})"
            )
            spend = "value = value + 1" if name == "fct_measure_daily" else "spend = spend + 1"
            connection.execute(f"create temp table again as from facts.{name} where {days}; update again set {spend}")
            connection.execute(f"delete from facts.{name} where {days}")
            connection.execute(f"insert into facts.{name} from again order by channel, date; drop table again")


def median_ms(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    """Of some runs in an open session, fetching included."""
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        connection.execute(sql).fetchall()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> int:
    snapshot = Workspace.from_environment().snapshot
    if not snapshot.exists():
        print(f"{snapshot} is not there; run `make report` first", file=sys.stderr)
        return 1
    questions = re.findall(r"^### (\d+\. .+?)$.*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    with tempfile.TemporaryDirectory() as made:
        taken = asked(snapshot, Path(made) / "stored", "channel, date", questions, NEW_DAYS)
        by_day = asked(snapshot, Path(made) / "by_day", "date", questions)
    for title, took in taken.items():
        print(f"{took:7.1f} ms  {title}")
    over_facts = [taken[title] for title, sql in questions if any(name in sql for name in FACTS)]
    print(f"median of all {len(taken)}: {statistics.median(taken.values()):.1f} ms; of the {len(over_facts)} that read "
          f"the large facts: {statistics.median(over_facts):.1f} ms")  # fmt: skip
    held = [hold("median of the questions", statistics.median(taken.values()), BUDGET_MS, "ms")]
    for title in [one for one in taken if one.startswith(OF_SOME_DAYS)]:
        held.append(hold(title, taken[title] / by_day[title], MOST_TIMES, "times what it takes by days"))
    return int(not all(held))


def asked(
    snapshot: Path, folder: Path, order: str, questions: list[tuple[str, str]], new_days: int = 0
) -> dict[str, float]:
    """Milliseconds of each question to the analysts' copy of so many facts in this order, after so many new days."""
    folder.mkdir()
    warehouse, copy = folder / "warehouse.duckdb", folder / "okr.duckdb"
    rows = multiply(snapshot, warehouse, order)
    taken = []
    for back in range(new_days, -1, -1):
        if back < new_days:
            bring_again(warehouse, back)
        began = time.process_time()
        write_snapshot(warehouse, copy)
        taken.append(time.process_time() - began)
        if not taken[1:]:
            print(f"analysts' copy of {rows:,} measures by {order}: {copy.stat().st_size / 1e6:.0f} MB, written in "
                  f"{taken[0]:.1f} s of processor", flush=True)  # fmt: skip
    if new_days:
        print(
            f"{new_days} days later: {copy.stat().st_size / 1e6:.0f} MB, each written in a median of"
            f" {statistics.median(taken[1:]):.1f} s of processor, at most {max(taken[1:]):.1f}",
            flush=True,
        )
    with duckdb.connect(str(copy), read_only=True) as connection:
        return {title: median_ms(connection, sql) for title, sql in questions}


if __name__ == "__main__":
    sys.exit(main())
