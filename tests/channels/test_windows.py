"""Which days are read: the re-read window, slices, and resuming; a property: no day is ever lost."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from okr_reports.channels.windows import DAY, Coverage, Window, last_complete_day, plan

START, YESTERDAY = date(2026, 1, 1), date(2026, 11, 22)


def planned(coverage: Coverage | None = None, **changed: object) -> list[Window]:
    given_: dict[str, object] = {
        "yesterday": YESTERDAY,
        "start": START,
        "lookback_days": 30,
        "deep_lookback_days": 0,
        "slice_days": 92,
        "requested": None,
    }
    return plan(coverage, **{**given_, **changed})  # type: ignore[arg-type]


def covered(start: date, end: date, on: date = date(2026, 11, 23)) -> Coverage:
    return Coverage(Window(start, end), on, Window(start, end), end)


def test_the_first_load_goes_from_the_start_oldest_first() -> None:
    slices = planned()
    assert (slices[0].start, slices[-1].end, len(slices)) == (START, YESTERDAY, 4)
    assert all(after.start == before.end + DAY for before, after in pairwise(slices))


def test_later_loads_read_the_lookback_again() -> None:
    assert planned(covered(START, YESTERDAY)) == [Window(date(2026, 10, 24), YESTERDAY)]
    assert planned(covered(START, date(2026, 11, 1))) == [Window(date(2026, 10, 3), YESTERDAY)]


def test_a_lookback_of_no_days_reads_nothing_again() -> None:
    assert planned(covered(START, YESTERDAY), lookback_days=0) == []
    assert planned(covered(START, YESTERDAY - DAY), lookback_days=0) == [Window(YESTERDAY, YESTERDAY)]
    assert planned(covered(START, YESTERDAY + DAY), lookback_days=0) == []


def test_the_lookback_stops_at_the_start() -> None:
    assert planned(covered(date(2026, 11, 20), YESTERDAY), start=date(2026, 11, 20)) == [
        Window(date(2026, 11, 20), YESTERDAY)
    ]


def test_the_first_load_of_a_week_reads_deeper() -> None:
    sunday_before = covered(START, YESTERDAY, on=date(2026, 11, 22))
    assert planned(sunday_before, deep_lookback_days=90)[0].start == date(2026, 8, 25)
    assert planned(covered(START, YESTERDAY), deep_lookback_days=90)[0].start == date(2026, 10, 24)


def test_an_earlier_start_fills_the_time_before_newest_first() -> None:
    slices = planned(covered(date(2026, 6, 1), YESTERDAY), slice_days=100)
    assert slices == [
        Window(date(2026, 10, 24), YESTERDAY),
        Window(date(2026, 4, 11), date(2026, 5, 31)),
        Window(date(2026, 1, 1), date(2026, 4, 10)),
    ]


def test_a_window_asked_for_goes_on_where_it_broke_off() -> None:
    requested = Window(date(2026, 1, 1), date(2026, 6, 30))
    broken = Coverage(Window(START, YESTERDAY), YESTERDAY, requested, date(2026, 4, 2))
    assert planned(broken, requested=requested)[0].start == date(2026, 4, 3)
    done = Coverage(Window(START, YESTERDAY), YESTERDAY, requested, requested.end)
    assert planned(done, requested=requested)[0].start == date(2026, 1, 1)


def test_days_to_come_are_not_asked_for() -> None:
    assert planned(requested=Window(YESTERDAY, date(2027, 1, 1))) == [Window(YESTERDAY, YESTERDAY)]
    assert planned(requested=Window(date(2027, 1, 1), date(2027, 1, 2))) == []
    assert planned(start=date(2027, 1, 1)) == []


def test_a_gap_is_never_called_covered() -> None:
    coverage = covered(date(2026, 1, 1), date(2026, 1, 31))
    assert coverage.extended(Window(date(2026, 6, 1), date(2026, 6, 30))) == coverage.loaded
    assert coverage.extended(Window(date(2026, 2, 1), date(2026, 2, 5))) == Window(date(2026, 1, 1), date(2026, 2, 5))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=8),
    st.integers(1, 60),
    st.integers(1, 120),
)
def test_whatever_breaks_every_day_up_to_data_through_was_read(
    runs: list[tuple[int, int]], lookback: int, slice_days: int
) -> None:
    coverage, read, yesterday = None, set(), date(2026, 3, 1)
    for days_later, slices_that_work in runs:
        yesterday += timedelta(days=days_later)
        slices = planned(coverage, yesterday=yesterday, lookback_days=lookback, slice_days=slice_days)
        for piece in slices[:slices_that_work]:
            read |= set(piece.days())
            loaded = piece if coverage is None else coverage.extended(piece)
            coverage = Coverage(loaded, yesterday, piece, piece.end)
    if coverage is not None:
        assert coverage.loaded.start == START
        assert set(Window(START, coverage.loaded.end).days()) <= read


@pytest.mark.parametrize(
    ("zone", "utc", "expected"),
    [
        ("UTC", "2026-11-23T00:30:00+00:00", date(2026, 11, 22)),
        # it is still the 22nd in Los Angeles, so the 22nd is not over there
        ("America/Los_Angeles", "2026-11-23T00:30:00+00:00", date(2026, 11, 21)),
        ("Pacific/Kiritimati", "2026-11-22T12:00:00+00:00", date(2026, 11, 22)),
        ("Europe/Madrid", "2026-10-25T00:30:00+00:00", date(2026, 10, 24)),
    ],
)
def test_yesterday_is_where_the_account_lives(
    zone: str, utc: str, expected: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OKR_TODAY", raising=False)
    with time_machine.travel(utc, tick=False):
        assert last_complete_day(date.fromisoformat(utc[:10]) + DAY * (zone == "Pacific/Kiritimati"), zone) == expected


def test_okr_today_overrides_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKR_TODAY", "2030-01-01")
    assert last_complete_day(date(2030, 1, 1), "America/Los_Angeles") == date(2029, 12, 31)
