"""The twenty questions of docs/analysts.md over ten million rows of facts. Target: a median of 100 ms.

The rows are those of the demo's copy with every campaign thirty times, so it needs one: `make report` first. Questions
15 and 17, which ask for some days of all channels, are asked of the same rows in the order of their days too, and may
take 1.5 times as long as there.
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
OF_SOME_DAYS = ("15.", "17.")
MOST_TIMES = 1.5
FACTS = ("fct_measure_daily", "fct_ad_daily")
BUDGET_MS = 100.0


def multiply(snapshot: Path, target: Path, order: str) -> int:
    """A warehouse with the copy's marts and at least `ROWS` facts in an order."""
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"attach '{snapshot}' as demo (read_only)")
        connection.execute("create schema marts")
        (rows,) = connection.execute("select count(*) from demo.marts.fct_measure_daily").fetchone() or (1,)
        times = -(-ROWS // rows)
        for (name,) in connection.execute(
            "from duckdb_tables() select table_name where database_name = 'demo' and schema_name = 'marts'"
        ).fetchall():
            select = f"from demo.marts.{name}"
            if name in FACTS:
                campaign = "case n when 0 then campaign_id else campaign_id || '-' || n end as campaign_id"
                select = (
                    f"select f.* replace ({campaign}) from demo.marts.{name} f, range({times}) r(n) order by {order}"
                )
            connection.execute(f"create table marts.{name} as {select}")
        return rows * times


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
        taken = asked(snapshot, Path(made) / "stored", "channel, date", questions)
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


def asked(snapshot: Path, folder: Path, order: str, questions: list[tuple[str, str]]) -> dict[str, float]:
    """Milliseconds of each question to the analysts' copy of so many facts in this order."""
    folder.mkdir()
    rows = multiply(snapshot, folder / "warehouse.duckdb", order)
    copy = folder / "okr.duckdb"
    began = time.process_time()
    write_snapshot(folder / "warehouse.duckdb", copy)
    print(f"analysts' copy of {rows:,} measures by {order}: {copy.stat().st_size / 1e6:.0f} MB, written in "
          f"{time.process_time() - began:.1f} s of processor", flush=True)  # fmt: skip
    with duckdb.connect(str(copy), read_only=True) as connection:
        return {title: median_ms(connection, sql) for title, sql in questions}


if __name__ == "__main__":
    sys.exit(main())
