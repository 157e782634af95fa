"""Acme, the one synthetic company that every stand-in of a channel API reports on.

What Acme did on a day depends only on the seed and the day; what a vendor reports also on the day of the request:
conversions arrive for four weeks, some spend is credited back after three days, campaigns are renamed and deleted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache

from okr_reports.sandbox.profiles import HOSTILE_NAMES, PROFILES, SHOWCASE, AccountProfile

# Nothing happened before. Late enough to be quick, early enough for two years of history at any demo's day.
FOUNDED = date(2024, 1, 1)
DAY = timedelta(days=1)
CONVERSIONS_ARRIVE_WITHIN = 28
SPEND_IS_CREDITED_AFTER = 3
_CENT = Decimal("0.01")
_MILLIONTH = Decimal("0.000001")
_WEEKDAYS = (1.15, 1.2, 1.2, 1.15, 1.0, 0.65, 0.65)
_MONTHS = (0.95, 1.0, 1.05, 1.0, 1.0, 0.95, 0.85, 0.75, 1.05, 1.1, 1.2, 0.9)
_GROWTH_A_YEAR = 1.25


@dataclass(frozen=True)
class Campaign:
    """A campaign's life. It delivers from `start` to `end`, save in `pause`; from `deleted_on` no list shows it."""

    id: str
    group_id: str
    account_id: str
    names: tuple[tuple[date, str], ...]
    start: date
    end: date
    pause: tuple[date, date]
    deleted_on: date | None
    weight: float

    def name(self, asked_on: date) -> str:
        return [name for since, name in self.names if since <= asked_on or since == self.names[0][0]][-1]

    def delivers(self, day: date) -> bool:
        return self.start <= day <= self.end and not self.pause[0] <= day <= self.pause[1]

    def status(self, asked_on: date) -> str:
        """active, paused or completed, as of the end of `asked_on`."""
        if asked_on > self.end:
            return "completed"
        return "paused" if self.pause[0] <= asked_on <= self.pause[1] else "active"

    def is_listed(self, asked_on: date) -> bool:
        return self.start <= asked_on and (self.deleted_on is None or asked_on < self.deleted_on)


@dataclass(frozen=True)
class Figures:
    """One campaign's day as reported; amounts in the account's currency."""

    impressions: int = 0
    clicks: int = 0
    link_clicks: int = 0
    spend: Decimal = Decimal(0)
    conversions: int | Decimal = 0
    conversion_value: Decimal = Decimal(0)
    leads: int = 0
    video_views: int = 0

    @property
    def is_empty(self) -> bool:
        return self == Figures()


def sum_of(parts: Sequence[Figures]) -> Figures:
    """Of several days or campaigns of one account."""
    if len(parts) == 1:
        return parts[0]
    return Figures(**{figure.name: sum(getattr(part, figure.name) for part in parts) for figure in fields(Figures)})


@dataclass(frozen=True)
class _Happened:
    figures: Figures
    # (days late, how much of it the vendor claims, value)
    conversions: tuple[tuple[int, int | Decimal, Decimal], ...] = field(default=())


class Company:
    """Everything there is to report, computed on request. Instances with one seed report equal figures."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._happened = lru_cache(maxsize=200_000)(self._compute)

    def channels(self) -> list[str]:
        return sorted(PROFILES)

    def accounts(self, channel: str) -> tuple[AccountProfile, ...]:
        return PROFILES[channel]

    def campaigns(self, channel: str, account_id: str) -> tuple[Campaign, ...]:
        return self._all_campaigns[channel, account_id]

    def figures(self, channel: str, campaign: Campaign, day: date, asked_on: date) -> Figures:
        """What the vendor reports on `asked_on` about `day`."""
        if day > asked_on or day < FOUNDED or not campaign.delivers(day):
            return Figures()
        happened, age = self._happened(channel, campaign, day), (asked_on - day).days
        arrived = [(share, value) for late, share, value in happened.conversions if late <= age]
        final = happened.figures
        credited = Decimal(0)
        if age >= SPEND_IS_CREDITED_AFTER and self.chance(channel, campaign.id, day, "credit") < 0.05:
            credited = (final.spend * Decimal("0.02")).quantize(_CENT)
        return Figures(
            final.impressions,
            final.clicks,
            final.link_clicks,
            final.spend - credited,
            sum(share for share, _ in arrived),
            sum((value for _, value in arrived), Decimal(0)),
            final.leads,
            final.video_views,
        )

    def truth(
        self,
        channel: str,
        start: date,
        end: date,
        asked_on: date,
    ) -> Iterator[tuple[date, str, str, str, Figures]]:
        """(day, account, campaign, currency, figures) of every campaign-day that is not empty."""
        for account in self.accounts(channel):
            for campaign in self.campaigns(channel, account.id):
                day = max(start, campaign.start)
                while day <= min(end, campaign.end, asked_on):
                    figures = self.figures(channel, campaign, day, asked_on)
                    if not figures.is_empty:
                        yield day, account.id, campaign.id, account.currency, figures
                    day += DAY

    @cached_property
    def _all_campaigns(self) -> dict[tuple[str, str], tuple[Campaign, ...]]:
        return {
            (channel, account.id): tuple(self._make_campaigns(channel, account))
            for channel, accounts in PROFILES.items()
            for account in accounts
        }

    def _make_campaigns(self, channel: str, account: AccountProfile) -> Iterator[Campaign]:
        """Two new campaigns a quarter, for ten years, and one that always runs."""
        yield self._make_campaign(channel, account, 0, FOUNDED, 3_650)
        for quarter in range(40):
            for which in range(2):
                number = 1 + quarter * 2 + which
                start = FOUNDED + DAY * (91 * quarter + int(40 * self.chance(account.id, number, "start")))
                yield self._make_campaign(
                    channel, account, number, start, 60 + int(120 * self.chance(account.id, number, "life"))
                )

    def _make_campaign(self, channel: str, account: AccountProfile, number: int, start: date, life: int) -> Campaign:
        chance = self.chances(channel, account.id, number)
        name = f"{account.name} {('Always on', 'Lead gen', 'Webinar', 'Retargeting')[number % 4]} {start:%Y-%m}"
        if self.seed not in SHOWCASE and number % 7 == 3:
            name = HOSTILE_NAMES[number // 7 % len(HOSTILE_NAMES)]
        names: tuple[tuple[date, str], ...] = ((start, name),)
        if chance("rename") < 0.2:
            names = (*names, (start + DAY * 30, f"{name} (v2)"))
        end = start + DAY * life
        pause_from = start + DAY * int(life * 0.4)
        pauses = number > 0 and chance("paused") < 0.4
        pause_to = pause_from + DAY * (int(14 * chance("pause")) if pauses else -1)
        deleted_on = end + DAY * 10 if number and chance("deleted") < 0.2 else None
        base = account.ids_from + int(hashlib.blake2b(account.id.encode(), digest_size=3).hexdigest(), 16) * 40
        return Campaign(
            str(base + number),
            str(base + 1_000 + number % 3),
            account.id,
            names,
            start,
            end,
            (pause_from, pause_to),
            deleted_on,
            0.5 + chance("weight"),
        )

    def _compute(self, channel: str, campaign: Campaign, day: date) -> _Happened:
        account = next(account for account in self.accounts(channel) if account.id == campaign.account_id)
        active = [other for other in self.campaigns(channel, account.id) if other.delivers(day)]
        share = campaign.weight / sum(other.weight for other in active)
        expected = account.leads_a_day * share * demand(day)

        chance = self.chances(channel, campaign.id, day)

        def claimed(number: int) -> int | Decimal:
            if not account.fractional_conversions:
                return 1
            return Decimal(str(0.2 + 0.8 * chance(f"share {number}"))).quantize(_MILLIONTH)

        # every fiftieth campaign-day nothing was delivered at all
        if chance("silent") < 0.02:
            return _Happened(Figures())
        spend = Decimal(str(expected * account.cost_per_lead * (0.85 + 0.3 * chance("spend")))).quantize(_CENT)
        clicks = max(1, round(float(spend) / (2.5 + 2 * chance("cpc"))))
        conversions = tuple(
            (
                int(CONVERSIONS_ARRIVE_WITHIN * chance(f"late {n}") ** 3),
                claimed(n),
                Decimal(str(40 + 160 * chance(f"value {n}"))).quantize(_CENT),
            )
            for n in range(poisson(expected * 0.6, chance("conversions")))
        )
        return _Happened(
            Figures(
                impressions=round(clicks / (0.004 + 0.004 * chance("ctr"))),
                clicks=clicks,
                link_clicks=round(clicks * (0.8 + 0.15 * chance("landing"))),
                spend=spend,
                leads=poisson(expected, chance("leads")),
                video_views=round(clicks * 6 * chance("video")),
            ),
            conversions,
        )

    def chance(self, *of: object) -> float:
        """A number in [0, 1) that is the same for the same question."""
        return self.chances(*of[:-1])(str(of[-1]))

    def chances(self, *of: object) -> Callable[[str], float]:
        """`chance` for many questions about one thing: what they have in common is hashed once."""
        common = hashlib.blake2b("".join(f"{value}|" for value in (self.seed, *of)).encode(), digest_size=7)

        def chance(what: str) -> float:
            hashed = common.copy()
            hashed.update(what.encode())
            return int.from_bytes(hashed.digest(), "big") / 2**56

        return chance


def days_of(start: date, end: date) -> list[date]:
    """Every day from `start` to `end`, both included; none where `end` is before `start`."""
    return [start + DAY * at for at in range((end - start).days + 1)]


def demand(day: date) -> float:
    """How busy Acme is on a day: week, season and growth; 1 on an average day two years after the founding."""
    years = (day - FOUNDED).days / 365.25
    return _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * float(_GROWTH_A_YEAR ** (years - 2))


def poisson(mean: float, chance: float) -> int:
    """The Poisson count at this quantile (inversion)."""
    count, term = 0, math.exp(-mean)
    below = term
    while chance > below and count < 10_000:
        count += 1
        term *= mean / count
        below += term
    return count
