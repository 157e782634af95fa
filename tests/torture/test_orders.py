"""Windows that arrive in any order, over a source that restates: in the end the table is the source.

Each order is an account of its own; all of them are landed side by side by the channels' own way in, so that a
thousand orders cost a dozen loads. A window read again holds what the source says at that moment. Windows overlap and
touch; days are restated and emptied up to thirty days back, and the days restated last are read last, as a look-back
would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa

from okr_reports.channels.base import Account, Landing
from okr_reports.channels.landing import run, to_source
from okr_reports.channels.tables import COUNT, TEXT, RawTable, facts
from okr_reports.channels.windows import Window
from tests.torture.conftest import times

TABLE = facts("daily", unique=("campaign_id",), campaign_id=TEXT, clicks=COUNT)
FIRST, SPAN = date(2026, 9, 1), 60
CAMPAIGNS = ("a", "b", "c")


class Order:
    """One account: what its source says, which days are to be read again, and in which order they are."""

    def __init__(self, number: int, at_steps: int) -> None:
        self.random = Random(number)
        self.account = Account(f"{number:04d}", "Account", "EUR", "UTC")
        self.source: dict[tuple[date, str], int] = {}
        self.unread = set(range(SPAN))
        for day in range(SPAN):
            self.restate(day)
        # The whole span in pieces that overlap by a day, in any order; some of them twice.
        cuts = sorted(self.random.sample(range(1, SPAN), at_steps - 3))
        pieces = [(max(0, start - 1), end) for start, end in zip([0, *cuts], [*cuts, SPAN - 1], strict=True)]
        self.random.shuffle(pieces)
        self.pieces = [*pieces, self.random.choice(pieces)]

    def restate(self, day: int) -> None:
        """The day as the vendor says it now: other numbers, other campaigns, perhaps none."""
        self.unread.add(day)
        for campaign in CAMPAIGNS:
            self.source.pop((FIRST + timedelta(days=day), campaign), None)
            if self.random.random() < 0.6:
                self.source[FIRST + timedelta(days=day), campaign] = self.random.randrange(1000)

    def window(self, step: int) -> tuple[int, int]:
        """The days to read at a step. The last one holds all that is still unread."""
        if step < len(self.pieces):
            return self.pieces[step]
        return (min(self.unread, default=SPAN - 1), max(self.unread, default=SPAN - 1))

    def read(self, step: int, at: datetime) -> dict[str, list[pa.Table]]:
        first, last = self.window(step)
        self.unread -= set(range(first, last + 1))
        window = Window(FIRST + timedelta(days=first), FIRST + timedelta(days=last))
        rows = [
            {"date": day, "campaign_id": campaign, "clicks": clicks}
            for (day, campaign), clicks in self.source.items()
            if window.start <= day <= window.end
        ]
        self.random.shuffle(rows)
        landing = Landing("orders", tables(), self.account, window, at)
        landing.facts("daily", rows)
        if step + 2 < len(self.pieces) + 1:
            for _ in range(5):
                self.restate(max(0, last - self.random.randrange(30)))
        return landing.batches()


def tables() -> dict[str, RawTable]:
    return {TABLE.name: TABLE}


def test_any_order_ends_as_the_source(tmp_path: Path, figure: Callable[[str], None]) -> None:
    count, steps = times(200, 1000), times(6, 12)
    orders = [Order(number, steps) for number in range(count)]
    for step in range(steps):
        batches = [order.read(step, datetime(2026, 11, 1, step, tzinfo=UTC)) for order in orders]
        whole = pa.concat_tables([table for batch in batches for table in batch["daily"]])
        source = to_source("orders", [TABLE], lambda whole=whole: {"daily": [whole]})
        run("orders", source, warehouse=tmp_path / "w.duckdb", pipelines_dir=tmp_path / "dlt", progress=print)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        found = Counter(connection.execute("select account_id, date, campaign_id, clicks from orders.daily").fetchall())
    expected = Counter(
        (order.account.id, day, campaign, clicks)
        for order in orders
        for (day, campaign), clicks in order.source.items()
    )
    wrong = {row[0] for row in (expected - found) + (found - expected)}
    assert not any(order.unread for order in orders)
    assert not wrong
    figure(f"{count:,} orders of arrival and restatement in {steps} loads: equal to the source {count - len(wrong):,}")
