"""Periods of the calendar, of a fiscal year and of one's own, and what comes before each of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_reports.okrs.periods import Calendar, FiscalYear, Span
from tests.okrs.test_rows import key_result, rows_of

DAY = timedelta(days=1)
APRIL = "settings: {fiscal_year: {starts: 04-01, named_by: end}, objectives_per_team: {min: 0, max: 9}}\n"


def _settings(folder, text: str) -> None:
    base = folder.path.joinpath("base.yml").read_text(encoding="utf-8")
    folder.write("base.yml", base[base.index("teams:") :])
    folder.write("settings.yml", text)


@pytest.mark.parametrize(
    ("starts", "period", "first", "last"),
    [
        (FiscalYear(4, 1), "FY2027", date(2026, 4, 1), date(2027, 3, 31)),
        (FiscalYear(4, 1, "start"), "FY2027", date(2027, 4, 1), date(2028, 3, 31)),
        (FiscalYear(4, 1), "FY2027-Q1", date(2026, 4, 1), date(2026, 6, 30)),
        (FiscalYear(4, 1), "FY2027-Q4", date(2027, 1, 1), date(2027, 3, 31)),
        (FiscalYear(4, 1), "FY2027-M01", date(2026, 4, 1), date(2026, 4, 30)),
        (FiscalYear(4, 1), "FY2027-M11", date(2027, 2, 1), date(2027, 2, 28)),
        (FiscalYear(4, 6), "FY2027", date(2026, 4, 6), date(2027, 4, 5)),
        (FiscalYear(4, 6), "FY2027-M12", date(2027, 3, 6), date(2027, 4, 5)),
        (FiscalYear(1, 1), "FY2027", date(2027, 1, 1), date(2027, 12, 31)),
        (FiscalYear(10, 1), "FY2026-Q1", date(2025, 10, 1), date(2025, 12, 31)),
    ],
)
def test_a_fiscal_period_has_the_days_of_its_year(starts, period, first, last):
    span = Calendar(fiscal_year=starts).span(period)
    assert (span.start, span.end) == (first, last)


@given(
    st.builds(FiscalYear, st.integers(1, 12), st.integers(1, 28), st.sampled_from(["start", "end"])),
    st.integers(1995, 2150),
)
def test_quarters_and_months_of_a_fiscal_year_fill_it_without_gaps(fiscal_year, year):
    calendar = Calendar(fiscal_year=fiscal_year)
    whole = calendar.span(f"FY{year}")
    for parts in ([f"Q{number}" for number in range(1, 5)], [f"M{number:02}" for number in range(1, 13)]):
        spans = [calendar.span(f"FY{year}-{part}") for part in parts]
        assert (spans[0].start, spans[-1].end) == (whole.start, whole.end)
        for one, after in pairwise(spans):
            assert one.end + DAY == after.start
            assert calendar.previous(after) == (one.start, one.end)
    before = calendar.span(f"FY{year - 1}")
    assert calendar.previous(whole) == whole.last_year() == (before.start, before.end)
    named_year = whole.start.year if fiscal_year.named_by == "start" else whole.end.year
    assert named_year == year


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([], (date(2026, 9, 20), date(2026, 10, 24))),
        ([("october", date(2026, 9, 27), date(2026, 10, 24))], (date(2026, 9, 27), date(2026, 10, 24))),
        ([("gap", date(2026, 9, 27), date(2026, 10, 23))], (date(2026, 9, 20), date(2026, 10, 24))),
        (
            [("quarter", date(2026, 7, 26), date(2026, 10, 24)), ("october", date(2026, 9, 27), date(2026, 10, 24))],
            (date(2026, 9, 27), date(2026, 10, 24)),
        ),
    ],
)
def test_the_period_before_one_of_ones_own_is_the_listed_one_that_ends_the_day_before(listed, expected):
    november = Span("november", "custom", date(2026, 10, 25), date(2026, 11, 28))
    calendar = Calendar.of([november, *(Span(name, "custom", start, end) for name, start, end in listed)])
    assert calendar.previous(november) == expected


def test_the_same_weeks_of_last_year_begin_on_the_same_weekday(folder):
    row = key_result(folder, "type: increase, kpi: leads, change: 20%, baseline: same_weeks_last_year")
    assert (row["baseline_start"], row["baseline_end"]) == (date(2025, 10, 2), date(2026, 1, 1))
    assert row["baseline_start"].weekday() == date(2026, 10, 1).weekday()


def test_an_objective_of_a_fiscal_quarter(folder):
    _settings(folder, APRIL)
    row = key_result(folder, "type: increase, kpi: leads, change: 20%, baseline: previous_period", period="FY2027-Q3")
    assert (row["baseline_start"], row["baseline_end"]) == (date(2026, 7, 1), date(2026, 9, 30))
    period = next(row for row in rows_of(folder, "periods") if row["period_id"] == "FY2027-Q3")
    assert (period["title"], period["kind"], period["start_date"]) == ("FY2027 Q3", "quarter", date(2026, 10, 1))


def test_a_fiscal_period_without_a_fiscal_year_is_refused_with_the_line_to_add(folder):
    [finding] = folder.key_result("type: increase, kpi: leads, target: 5", period="FY2027-Q3")
    assert "FY2027-Q3 is a period of a fiscal year, and the settings name none" in finding
    assert finding.endswith("add `fiscal_year: {starts: 04-01}` to settings")


@pytest.mark.parametrize(("written", "days"), [("monday", 0), ("sunday", 1), ("saturday", 2)])
def test_weeks_start_where_the_settings_say(folder, written, days):
    _settings(folder, f"settings: {{week_starts: {written}, objectives_per_team: {{min: 0, max: 9}}}}\n")
    assert rows_of(folder, "settings")[0]["days_before_monday"] == days


@pytest.mark.parametrize("starts", ["02-29", "13-01", "4-1", "01-31"])
def test_a_year_starts_on_a_day_that_every_month_has(folder, starts):
    _settings(folder, f"settings: {{fiscal_year: {{starts: {starts}}}}}\n")
    assert any("is not the day a year starts on" in finding for finding in folder.findings())


@pytest.mark.parametrize("period", ["0000", "0001-Q1", "1989", "2200-12", "9999", "FY0000", "FY9999-Q4", "٢٠٢٦"])
def test_a_year_that_no_definition_may_name_is_no_period(period):
    assert Calendar(fiscal_year=FiscalYear(7, 1)).span(period) is None
    assert Calendar(fiscal_year=FiscalYear(7, 1)).span("2199-Q4").end == date(2199, 12, 31)
