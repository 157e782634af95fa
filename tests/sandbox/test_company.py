"""Acme is the same for the same seed, whatever is asked first; what is told of a day only ripens."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from okr_reports.sandbox.company import CONVERSIONS_ARRIVE_WITHIN, Company
from okr_reports.sandbox.profiles import HOSTILE_NAMES, SHOWCASE

TODAY = date(2026, 11, 23)


def test_the_order_of_questions_does_not_matter() -> None:
    one, other = Company(7), Company(7)
    forwards = list(one.truth("linkedin_ads", date(2026, 9, 1), date(2026, 9, 20), TODAY))
    backwards = [
        row
        for day in range(19, -1, -1)
        for row in other.truth(
            "linkedin_ads", date(2026, 9, 1) + timedelta(day), date(2026, 9, 1) + timedelta(day), TODAY
        )
    ]
    assert sorted(forwards, key=lambda row: row[:3]) == sorted(backwards, key=lambda row: row[:3])
    assert forwards != list(Company(8).truth("linkedin_ads", date(2026, 9, 1), date(2026, 9, 20), TODAY))


def test_conversions_arrive_late_and_spend_is_credited_back() -> None:
    company, day = Company(3), date(2026, 9, 1)
    totals = []
    for age in range(40):
        rows = [row[4] for row in company.truth("linkedin_ads", day, day + timedelta(9), day + timedelta(9 + age))]
        totals.append((sum(row.conversions for row in rows), sum((row.spend for row in rows), Decimal(0))))
    conversions = [total[0] for total in totals]
    assert conversions == sorted(conversions)
    assert conversions[0] < conversions[-1] == conversions[CONVERSIONS_ARRIVE_WITHIN]
    assert totals[0][1] > totals[-1][1] == totals[3][1]


@pytest.mark.parametrize("seed", range(4))
def test_it_is_a_small_company_with_weekends_and_growth(seed: int) -> None:
    rows = list(Company(seed).truth("linkedin_ads", date(2024, 11, 23), TODAY, TODAY))
    leads = sum(row[4].leads for row in rows)
    assert 5 <= leads / 730 <= 15
    spend = {currency: sum(float(row[4].spend) for row in rows if row[3] == currency) for currency in ("EUR", "USD")}
    assert 20 <= sum(spend.values()) / leads <= 40
    weekend = sum(row[4].leads for row in rows if row[0].weekday() >= 5) / 2
    assert weekend < 0.8 * sum(row[4].leads for row in rows if row[0].weekday() < 5) / 5
    by_year = {
        year: sum(row[4].leads for row in rows if row[0].year == year and row[0].month < 11) for year in (2025, 2026)
    }
    assert 1.05 < by_year[2026] / by_year[2025] < 1.6


def test_campaigns_start_pause_are_renamed_and_deleted() -> None:
    company = Company(3)
    campaigns = [
        one
        for account in company.accounts("linkedin_ads")
        for one in company.campaigns("linkedin_ads", account.id)
        if one.start <= TODAY
    ]
    assert len({one.id for one in campaigns}) == len(campaigns)
    renamed = next(one for one in campaigns if len(one.names) > 1)
    assert renamed.name(renamed.start) != renamed.name(TODAY)
    deleted = next(one for one in campaigns if one.deleted_on is not None and one.deleted_on < TODAY)
    assert deleted.is_listed(deleted.end)
    assert not deleted.is_listed(TODAY)
    paused = next(one for one in campaigns if one.pause[0] <= one.pause[1])
    assert not paused.delivers(paused.pause[0])
    assert any(name in HOSTILE_NAMES for one in campaigns for _, name in one.names)
    for seed in SHOWCASE:
        shown = Company(seed).campaigns("linkedin_ads", campaigns[0].account_id)
        assert [name for one in shown for _, name in one.names if not name.startswith("Acme ")] == []
