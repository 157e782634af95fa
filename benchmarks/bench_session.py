"""Twenty refreshes of the demo while one session of an analyst stays open and others come and go. Budget: 0 errors.

`OKR_BENCH_REFRESHES=3 python -m benchmarks session` is the short form.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

OKR = str(Path(sys.executable).with_name("okr"))
QUESTION = "select (select count(*) from marts.fct_measure_daily), (select count(*) from marts.key_results)"


@dataclass
class Readers:
    """The open session, and one that opens the copy anew each time; what went wrong in each."""

    copy: Path
    ended: threading.Event = field(default_factory=threading.Event)
    asked: list[int] = field(default_factory=lambda: [0, 0])
    errors: list[list[str]] = field(default_factory=lambda: [[], []])

    def stay(self) -> None:
        with duckdb.connect(str(self.copy), read_only=True) as connection:
            seen = {self._ask(0, connection)}
            while not self.ended.wait(0.05):
                seen.add(self._ask(0, connection))
        if len(seen) > 1:
            self.errors[0].append(f"the open session saw its copy change: {seen}")

    def come_and_go(self) -> None:
        while not self.ended.wait(0.02):
            try:
                with duckdb.connect(str(self.copy), read_only=True) as connection:
                    self._ask(1, connection)
            except duckdb.Error as error:
                self.errors[1].append(str(error))

    def _ask(self, reader: int, connection: duckdb.DuckDBPyConnection) -> tuple[int, ...] | None:
        self.asked[reader] += 1
        try:
            return connection.execute(QUESTION).fetchone()
        except duckdb.Error as error:
            self.errors[reader].append(str(error))
            return None


def refresh_with_readers(refreshes: int) -> int:
    """Inside the sandbox: the first refresh makes the copy, the others replace it under the readers."""
    data = Path(os.environ["OKR_DATA_DIR"])
    subprocess.run([OKR, "refresh"], check=True, stdout=subprocess.DEVNULL)
    readers = Readers(data / "okr.duckdb")
    threads = [threading.Thread(target=run) for run in (readers.stay, readers.come_and_go)]
    for thread in threads:
        thread.start()
    try:
        replaced = set()
        for _ in range(refreshes):
            subprocess.run([OKR, "refresh"], check=True, stdout=subprocess.DEVNULL)
            written = readers.copy.stat()
            replaced.add((written.st_ino, written.st_mtime_ns))  # file systems use the numbers of files again
    finally:
        readers.ended.set()
        for thread in threads:
            thread.join()
    print(
        f"{refreshes} refreshes, copy replaced {len(replaced)} times: {len(readers.errors[0])} errors in "
        f"{readers.asked[0]:,} queries of the open session, {len(readers.errors[1])} in {readers.asked[1]:,} new ones"
    )
    for error in [*readers.errors[0], *readers.errors[1]][:5]:
        print(error, file=sys.stderr)
    return int(any(readers.errors))


def main() -> int:
    refreshes = int(os.environ.get("OKR_BENCH_REFRESHES", "20"))
    if "inside" in sys.argv:
        return refresh_with_readers(refreshes)
    with tempfile.TemporaryDirectory() as made:
        environment = {**os.environ, "OKR_DATA_DIR": str(Path(made) / "data")}
        command = [OKR, "sandbox", "--", sys.executable, "-m", "benchmarks.bench_session", "inside"]
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
