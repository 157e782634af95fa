"""Whether the models of the working tree make the marts that those of another version made, row for row.

    python -m tests.dbt_project.equal_builds [--ref 385b2d6] [--builds 12] [--workspaces 50] [--warehouse FILE]

One life of a warehouse is lived twice: the same raw rows, definitions and changes from day to day, built by the dbt
project of a git ref (from the beginning, each day) and by the one here (from what the day before left). After each day
every mart that both have is compared on the columns that both have, by its count of rows and the sum of their hashes
(doubles by their bits). What differs is named with its first rows.
Lives: the example company of the tests, random workspaces of `companies`, and, with --warehouse, the raw tables of a
refreshed workspace with days of restatements, deletions, new names, rates and targets.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import duckdb

from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.settings import shipped
from okr_reports.warehouse import transform
from tests.dbt_project import lives
from tests.dbt_project.warehouse import Warehouse

# The last version before the models were rebuilt by subject.
BEFORE = "385b2d6"
# How many rows of each side are shown of what differs.
SHOWN = 3


def project_at(ref: str, folder: Path) -> Path:
    """The dbt project as it was at a git ref, unpacked into `folder`."""
    archive = subprocess.run(["git", "archive", ref, "dbt_project"], check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder / "dbt_project"


class Pair:
    """Two warehouses that live the same life, each with a dbt project of its own."""

    def __init__(self, folder: Path, old_project: Path) -> None:
        self.sides = {
            Warehouse(folder / "old", lives.TODAY): old_project,
            Warehouse(folder / "new", lives.TODAY): shipped("dbt_project"),
        }

    def change(self, change: Callable[[Warehouse], None]) -> None:
        """The same change to both."""
        for warehouse in self.sides:
            change(warehouse)

    def build(self) -> None:
        """Both by their own project: the old one from the beginning, the new one from what it left the day before."""
        for warehouse, project in self.sides.items():
            with patch.object(transform, "shipped", lambda _name, project=project: project):
                warehouse.build(*(["--full-refresh"] if project != shipped("dbt_project") else []))

    def differences(self) -> list[str]:
        """What the new project says otherwise."""
        old, new = (warehouse.path for warehouse in self.sides)
        return list(differences(old, new))


def differences(old: Path, new: Path) -> Iterator[str]:
    """One line a mart of `old` that is gone or has other rows in `new`, on the columns of both, with the first rows."""
    with duckdb.connect() as connection:
        for name, path in (("old", old), ("new", new)):
            connection.execute(f"attach {quoted_text(str(path))} as {name} (read_only)")
        columns = {name: _columns(connection, name) for name in ("old", "new")}
        for mart, before in columns["old"].items():
            if mart not in columns["new"]:
                yield f"{mart}: is gone"
                continue
            both = ", ".join(quoted_name(column) for column in before if column in columns["new"][mart])
            queries = [f"select {both} from {side}.marts.{quoted_name(mart)}" for side in ("old", "new")]
            counts = [
                connection.execute(f"select count(*), sum(hash(one)) from ({query}) as one").fetchone()
                for query in queries
            ]
            if counts[0] != counts[1]:
                yield f"{mart}: {counts[0]} -> {counts[1]}" + "".join(_first_rows(connection, *queries))


def _columns(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " where database_name = ? and schema_name = 'marts' group by all order by all",
        [database],
    ).fetchall()
    return dict(rows)


def _first_rows(connection: duckdb.DuckDBPyConnection, old: str, new: str) -> Iterator[str]:
    for name, these, those in (("old", old, new), ("new", new, old)):
        rows = connection.execute(f"({these}) except all ({those}) order by all limit {SHOWN}").fetchall()
        yield from (f"\n    only {name}: {row}" for row in rows)


def compare(pair: Pair, days: Iterable[lives.Day]) -> int:
    """Live these days and say after each what differs; the count of days that differ."""
    failed = 0
    for day in days:
        for change in day.changes:
            pair.change(change)
        pair.build()
        found = pair.differences()
        failed += bool(found)
        print(f"{day.name}: {'equal' if not found else 'DIFFERENT'}", *found, sep="\n  ", flush=True)
        pair.change(Warehouse.publish)
    return failed


def main(arguments: Sequence[str]) -> int:
    """Compare all lives; 1 if any day of any of them differs."""
    parser = argparse.ArgumentParser(prog="equal_builds", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--ref", default=BEFORE)
    parser.add_argument("--warehouse", type=Path)
    parser.add_argument("--workspaces", type=int, default=50)
    parser.add_argument("--builds", type=int, default=12)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="okr-equal-") as folder:
        pair = Pair(Path(folder), project_at(chosen.ref, Path(folder)))
        failed = 0
        if chosen.builds:
            failed += compare(pair, lives.of_the_example(chosen.builds))
        if chosen.workspaces:
            pair.change(lambda warehouse: warehouse.emptied(lives.TODAY) and None)
            failed += compare(pair, lives.of_companies(chosen.workspaces))
        if chosen.warehouse:
            pair.change(lambda warehouse: lives.take_raw(warehouse, chosen.warehouse))
            failed += compare(pair, lives.of_a_workspace())
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
