"""Which day it is: each hour of the days on which clocks jump or a year ends, in five zones, on hosts of five zones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from okr_reports import settings
from okr_reports.channels.windows import last_complete_day

HOUR = timedelta(hours=1)
# Hours from UTC in winter and in summer, and when summer is: written down here, not asked of a library.
ZONES: dict[str, tuple[float, float, datetime | None, datetime | None]] = {
    "Pacific/Pago_Pago": (-11, -11, None, None),
    "America/New_York": (-5, -4, datetime(2026, 3, 8, 7), datetime(2026, 11, 1, 6)),
    "Europe/London": (0, 1, datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)),
    "Asia/Kolkata": (5.5, 5.5, None, None),
    "Pacific/Kiritimati": (14, 14, None, None),
}
DAYS = ("2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-12-31", "2027-01-01")


def local(moment: datetime, zone: str) -> datetime:
    """The wall clock in `zone` at a moment of UTC."""
    winter, summer, begins, ends = ZONES[zone]
    in_summer = begins is not None and ends is not None and begins <= moment < ends
    return moment + HOUR * (summer if in_summer else winter)


@pytest.fixture
def host_zone() -> Iterator[Callable[[str], None]]:
    before = os.environ.get("TZ")

    def move(zone: str) -> None:
        os.environ["TZ"] = zone
        time.tzset()

    yield move
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_no_hour_is_of_the_wrong_day(
    host_zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    monkeypatch.delenv("OKR_TODAY", raising=False)
    asked = 0
    for host in ZONES:
        host_zone(host)
        for moment in (datetime.fromisoformat(day) + HOUR * (hour + 0.25) for day in DAYS for hour in range(24)):
            with time_machine.travel(moment.replace(tzinfo=UTC), tick=False):
                for zone in ZONES:
                    today = local(moment, zone).date()
                    assert settings.today(zone) == today, (host, moment, zone)
                    assert settings.now(zone).replace(tzinfo=None) == local(moment, zone), (host, moment, zone)
                    for account in ZONES:
                        yesterday = min(today, local(moment, account).date()) - timedelta(days=1)
                        assert last_complete_day(today, account) == yesterday, (host, moment, zone, account)
                    asked += 2 + len(ZONES)
    figure(f"clock: {asked:,} questions over {len(DAYS)} days x 24 h x 5 zones on hosts of 5 zones, wrong days 0")
