"""Rows that cover more than a day, against the rules said in plain Python (docs/scoring.md, "Ranges of days")."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_reports.file_sources import Uses
from tests.channels.spans import DAY, Reader, plain

START = date(2026, 1, 1)

values = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)
offsets = st.integers(0, 60)


@st.composite
def lives(draw):
    """Some loads on later and later days; rows are kept, changed, added and taken out between them."""
    loads, today, rows = [], START + DAY * 20, []
    for _ in range(draw(st.integers(1, 4))):
        today += DAY * draw(st.integers(0, 25))
        kept = [row for row in rows if draw(st.booleans())]
        new = []
        for _ in range(draw(st.integers(0, 4))):
            first = START + DAY * draw(offsets)
            last = first + DAY * draw(st.integers(0, 35))
            as_of = draw(st.none() | st.integers(-3, 40).map(lambda days, first=first: first + DAY * days))
            new.append((first, last, as_of, draw(st.sampled_from(["a", "b"])), draw(values)))
        rows = kept + new
        loads.append((today, rows))
    return loads


@settings(deadline=None)
@given(lives(), st.booleans())
def test_spans_fall_on_their_days_as_the_rules_say(loads, whole):
    reader, seen = Reader(end_date="end", open_range="whole" if whole else "to_date"), {}
    for today, rows in loads:
        given = [(first, last, as_of, campaign, value) for first, last, as_of, campaign, value in rows]
        found, faults = reader.load(given, today)
        assert faults == {}
        assert found == plain(rows, seen, today, whole=whole)
        again, _ = reader.load(given[::-1], today + DAY)
        assert again == plain(rows, seen, today + DAY, whole=whole)


@settings(deadline=None)
@given(st.lists(st.tuples(offsets, st.integers(0, 40), values), max_size=6))
def test_what_has_ended_sums_to_its_rows(rows):
    spans = [(START + DAY * first, START + DAY * (first + length), None, "a", value) for first, length, value in rows]
    found, _ = Reader(end_date="end").load(spans, START + DAY * 200)
    assert sum(found.values()) == sum(value for *_, value in spans)


def whole_days(found):
    return min(day for _, day in found), max(day for _, day in found)


@pytest.mark.parametrize(
    ("more", "day", "expected"),
    [
        ({"grain": "week"}, date(2026, 3, 2), (date(2026, 3, 2), date(2026, 3, 8))),
        ({"grain": "week", "dated": "end"}, date(2026, 3, 8), (date(2026, 3, 2), date(2026, 3, 8))),
        ({"grain": "month"}, date(2026, 2, 1), (date(2026, 2, 1), date(2026, 2, 28))),
        ({"grain": "month"}, date(2028, 2, 29), (date(2028, 2, 1), date(2028, 2, 29))),
        ({"grain": "quarter"}, date(2026, 3, 31), (date(2026, 1, 1), date(2026, 3, 31))),
        ({"grain": "reading"}, date(2026, 3, 31), (date(2026, 3, 31), date(2026, 3, 31))),
        ({"grain": "day"}, date(2026, 3, 31), (date(2026, 3, 31), date(2026, 3, 31))),
    ],
)
def test_a_row_covers_the_unit_of_its_grain(more, day, expected):
    found, faults = Reader(**more).load([(day, day, None, "a", Decimal(100))], date(2030, 1, 1))
    assert faults == {}
    assert whole_days(found) == expected
    assert sum(found.values()) == 100


def test_a_stock_is_a_reading_of_the_last_known_day():
    monthly = [
        (date(2026, 10, 1), date(2026, 10, 1), None, "a", 7),
        (date(2026, 11, 1), date(2026, 11, 1), None, "a", 9),
    ]
    found, _ = Reader(grain="month").load(monthly, date(2026, 11, 23), held=["n"])
    assert found == {("a", date(2026, 10, 31)): 7, ("a", date(2026, 11, 22)): 9}


def test_a_month_is_known_through_the_day_before_it_was_first_seen_until_the_next_comes():
    reader = Reader(grain="month")
    october = (date(2026, 10, 1), date(2026, 10, 1), None, "a", Decimal(200))
    assert whole_days(reader.load([october], date(2026, 10, 21))[0])[1] == date(2026, 10, 20)
    # Its month has ended and nobody has written another number since: it still speaks of those days alone.
    assert whole_days(reader.load([october], date(2026, 11, 5))[0])[1] == date(2026, 10, 20)
    # Another row's edit changes nothing.
    september = (date(2026, 9, 1), date(2026, 9, 1), None, "a", Decimal(1))
    assert reader.load([september, october], date(2026, 11, 5))[0]["a", date(2026, 10, 20)] == 10
    november = (date(2026, 11, 1), date(2026, 11, 1), None, "a", Decimal(40))
    found, _ = reader.load([october, november], date(2026, 11, 5))
    assert found["a", date(2026, 10, 31)] == Decimal("6.451612910")
    assert sum(value for (_, day), value in found.items() if day.month == 10) == 200
    assert whole_days(found)[1] == date(2026, 11, 4)


def test_a_month_filled_in_before_it_began_does_not_end_the_one_before():
    reader = Reader(grain="month")
    november = (date(2026, 11, 1), date(2026, 11, 1), None, "a", Decimal(220))
    ahead, begun = ((date(2026, 12, 1), date(2026, 12, 1), None, "a", Decimal(value)) for value in (0, 50))
    assert whole_days(reader.load([november, ahead], date(2026, 11, 23))[0])[1] == date(2026, 11, 22)
    # the month after it has begun, and nobody has written a number of it
    assert whole_days(reader.load([november, ahead], date(2026, 12, 5))[0])[1] == date(2026, 11, 22)
    found, _ = reader.load([november, begun], date(2026, 12, 5))
    assert sum(value for (_, day), value in found.items() if day.month == 11) == 220
    assert whole_days(found)[1] == date(2026, 12, 4)


def test_a_row_first_seen_on_its_first_day_does_not_count_yet():
    found, _ = Reader(grain="month").load([(date(2026, 11, 1), date(2026, 11, 1), None, "a", 5)], date(2026, 11, 1))
    assert found == {}


@pytest.mark.parametrize(
    ("grain", "day"), [("month", date(2026, 3, 15)), ("quarter", date(2026, 2, 1)), ("quarter", date(2026, 2, 28))]
)
def test_a_date_within_a_month_or_quarter_is_refused_with_the_way_out(grain, day):
    found, faults = Reader(grain=grain).load([(day, day, None, "a", 5)], date(2026, 11, 1))
    assert found == {}
    assert faults["f.csv"].places == ("line 0",)
    assert "`end_date`" in faults["f.csv"].todo


def rows_of(days):
    return [(day, day, None, "a", Decimal(5)) for day in days]


WEEKLY = [START + DAY * 7 * number for number in range(5)]
MONTHLY = [date(2026, month, 1) for month in range(1, 6)]
MONTH_ENDS = [date(2026, month + 1, 1) - DAY for month in range(1, 6)]
QUARTERLY = [date(2026, month, 1) for month in (1, 4, 7, 10)]


@pytest.mark.parametrize(
    ("days", "grain"), [(WEEKLY, "week"), (MONTHLY, "month"), (MONTH_ENDS, "month"), (QUARTERLY, "quarter")]
)
def test_spacing_of_another_grain_is_refused_where_a_sum_uses_it(days, grain):
    summed = Uses(summed=frozenset({"n"}))
    assert f"`grain: {grain}`" in Reader().load(rows_of(days), date(2026, 11, 1), uses=summed)[1]["f.csv"].todo
    # A stock, or a measure that no KPI uses, may be written weekly.
    assert Reader().load(rows_of(days), date(2026, 11, 1))[1] == {}
    # Who says `grain: day` knows.
    assert Reader(grain_is_declared=True).load(rows_of(days), date(2026, 11, 1), uses=summed)[1] == {}


@settings(deadline=None)
@given(st.sets(st.integers(0, 90), min_size=1, max_size=40).map(sorted))
def test_spacing_that_is_no_grain_is_taken_as_days(offsets):
    gaps = {after - before for before, after in pairwise(offsets)}
    if all(gap % 7 == 0 for gap in gaps) or all(28 <= gap <= 31 for gap in gaps):
        return
    days = [date(2026, 1, 2) + DAY * offset for offset in offsets]
    if all(day.day == 1 for day in days) or all((day + DAY).day == 1 for day in days):
        return
    assert Reader().load(rows_of(days), date(2026, 11, 1), uses=Uses(frozenset({"n"})))[1] == {}
