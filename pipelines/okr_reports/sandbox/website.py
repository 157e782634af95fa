"""What Acme's two websites saw: traffic, key events, people, and search results. Derived from the company's demand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from okr_reports.sandbox.company import FOUNDED, Company, demand, poisson

DAY = timedelta(days=1)
CHANNEL_GROUPS = {
    "Organic Search": 0.36,
    "Direct": 0.22,
    "Paid Social": 0.15,
    "Paid Search": 0.13,
    "Email": 0.07,
    "Referral": 0.05,
    "Organic Social": 0.02,
}
# Events of the last days are still being processed: the share of them that is reported at an age of 0, 1, 2 days.
PROCESSED = (0.4, 0.9, 0.97)
# One key event of some days moves from Direct to Paid Search this late.
ATTRIBUTED_AFTER = 10


@dataclass(frozen=True)
class Website:
    """A site as Analytics and Search Console know it. `sessions_a_day` two years after the founding."""

    property_id: str
    name: str
    currency: str
    timezone: str
    search_site: str
    sessions_a_day: float
    people: int


WEBSITES = (
    Website("331122334", "Acme Europe", "EUR", "Europe/Madrid", "sc-domain:acme.example", 620, 90_000),
    Website("331199887", "Acme Americas", "USD", "America/New_York", "https://us.acme-labs.example/", 340, 60_000),
)


@dataclass(frozen=True)
class Traffic:
    """One channel group's day."""

    sessions: int = 0
    engaged_sessions: int = 0
    key_events: int = 0
    total_revenue: Decimal = Decimal(0)
    screen_page_views: int = 0
    add_to_carts: int = 0
    checkouts: int = 0
    ecommerce_purchases: int = 0
    purchase_revenue: Decimal = Decimal(0)

    @property
    def is_empty(self) -> bool:
        return not self.sessions


@dataclass(frozen=True)
class SearchDay:
    """A site's day in Google's results; `positions` is the sum of the positions over all impressions."""

    impressions: int
    clicks: int
    positions: int


class WebsiteFigures:
    """Computed on request; equal for equal companies."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._final = lru_cache(maxsize=50_000)(self._compute)
        self._users: dict[str, list[int]] = {}

    def traffic(self, site: Website, day: date, group: str, asked_on: date) -> Traffic:
        """What Analytics reports on `asked_on`."""
        if not FOUNDED <= day <= asked_on:
            return Traffic()
        age = (asked_on - day).days
        final = self._final(site, day, group)
        moved = self._moved(site, day) if age >= ATTRIBUTED_AFTER else 0
        moved = {"Direct": -moved, "Paid Search": moved}.get(group, 0)
        if age >= len(PROCESSED):
            return replace(final, key_events=final.key_events + moved)
        part = PROCESSED[age]
        counts = {name: int(value * part) for name, value in vars(final).items() if isinstance(value, int)}
        revenue, sales = (
            (amount * Decimal(str(part))).quantize(Decimal("0.01"))
            for amount in (final.total_revenue, final.purchase_revenue)
        )
        return Traffic(**counts, total_revenue=revenue, purchase_revenue=sales)

    def users(self, site: Website, start: date, end: date, asked_on: date) -> int:
        """People counted once over the interval: fewer than the days' people added up, since some come back."""
        end = min(end, asked_on)
        start = max(start, FOUNDED)
        if end < start:
            return 0
        visits = self._visits_before(site, end + DAY) - self._visits_before(site, start)
        return round(site.people * (1 - math.exp(-visits / site.people)))

    def new_users(self, site: Website, day: date, asked_on: date) -> int:
        return round(self.users(site, day, day, asked_on) * 0.7)

    def search(self, site: Website, day: date) -> SearchDay:
        """Clicks are most of the organic sessions, as it is in life."""
        clicks = round(self._final(site, day, "Organic Search").sessions * 1.1)
        impressions = round(clicks / (0.02 + 0.01 * self._company.chance(site.search_site, day, "ctr")))
        place = 9 + 4 * self._company.chance(site.search_site, day, "position") - (day - FOUNDED).days / 400
        return SearchDay(impressions, clicks, round(impressions * place))

    def _moved(self, site: Website, day: date) -> int:
        has_one = self._final(site, day, "Direct").key_events > 0
        return int(has_one and self._company.chance(site.property_id, day, "attribution") < 0.4)

    def _visits_before(self, site: Website, day: date) -> int:
        sums = self._users.setdefault(site.property_id, [0])
        while len(sums) <= (day - FOUNDED).days:
            seen = FOUNDED + DAY * (len(sums) - 1)
            visits = sum(self._sessions(site, seen, group) for group in CHANNEL_GROUPS)
            sums.append(sums[-1] + round(visits * 0.86))
        return sums[(day - FOUNDED).days]

    def _sessions(self, site: Website, day: date, group: str) -> int:
        chance = self._company.chance(site.property_id, day, group, "sessions")
        return round(site.sessions_a_day * demand(day) * CHANNEL_GROUPS[group] * (0.85 + 0.3 * chance))

    def _compute(self, site: Website, day: date, group: str) -> Traffic:
        chance = self._company.chances(site.property_id, day, group)
        sessions = self._sessions(site, day, group)
        key_events = poisson(sessions * 0.02, chance("key events"))
        carts = poisson(sessions * 0.03, chance("carts"))
        checkouts = round(carts * (0.4 + 0.2 * chance("checkouts")))
        purchases = round(checkouts * (0.5 + 0.3 * chance("purchases")))
        sales = Decimal(str(purchases * (60 + 80 * chance("basket")))).quantize(Decimal("0.01"))
        return Traffic(
            sessions,
            round(sessions * (0.5 + 0.2 * chance("engaged"))),
            key_events,
            sales,
            round(sessions * (2 + 1.5 * chance("views"))),
            carts,
            checkouts,
            purchases,
            # Every fourth euro is a subscription's.
            (sales * Decimal("0.75")).quantize(Decimal("0.01")),
        )
