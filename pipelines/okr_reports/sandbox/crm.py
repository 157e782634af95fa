"""Acme's CRM: contacts that come as the ads' leads and the website's visitors do, their stages, deals, and merges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from okr_reports.sandbox.company import FOUNDED, Company, demand, poisson

DAY = timedelta(days=1)
# A third of the ads' leads agree to be contacted; the rest of the contacts come by themselves.
CONTACTS_A_DAY = 10.0
SOURCES = {
    "PAID_SOCIAL": 0.3,
    "PAID_SEARCH": 0.2,
    "ORGANIC_SEARCH": 0.2,
    "DIRECT_TRAFFIC": 0.12,
    "OFFLINE": 0.1,
    "EMAIL_MARKETING": 0.05,
    "REFERRALS": 0.03,
}
FIRST_CONTACT, FIRST_COMPANY, FIRST_DEAL = 51_000_000_000, 21_000_000_000, 9_000_000_000
USD_IN_EUR = Decimal("0.9")
_CENT = Decimal("0.01")

Kind = Literal["contacts", "companies", "deals"]


@dataclass(frozen=True)
class CrmObject:
    """A contact, company or deal with all that will ever happen to it; an event counts once its moment has come.

    A duplicate contact vanishes into `merged_into` at `merged_at`. A deal's amount may be amended long after it closed.
    """

    kind: Kind
    id: int
    created: datetime
    source: str
    mql_at: datetime | None = None
    sql_at: datetime | None = None
    merged_into: int | None = None
    merged_at: datetime | None = None
    deleted_at: datetime | None = None
    amount: Decimal = Decimal(0)
    amended: tuple[datetime, Decimal] | None = None
    currency: str = "EUR"
    closed_at: datetime | None = None
    is_won: bool = False

    def exists(self, now: datetime) -> bool:
        return self.created <= now and not has_come(self.merged_at, now) and not has_come(self.deleted_at, now)

    def amount_at(self, now: datetime) -> Decimal:
        return self.amended[1] if self.amended and self.amended[0] <= now else self.amount

    def home_amount_at(self, now: datetime) -> Decimal:
        amount = self.amount_at(now)
        return amount if self.currency == "EUR" else (amount * USD_IN_EUR).quantize(_CENT)


def has_come(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def morning_of(day: date) -> datetime:
    """The moment of the day at which the CRM is queried."""
    return datetime.combine(day, time(6), UTC)


class Crm:
    """Computed day by day, as far as requested; equal for equal companies."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._of_day = lru_cache(maxsize=None)(self._compute)

    def objects(self, kind: Kind, now: datetime) -> list[CrmObject]:
        """Everything created until `now`, by id, what is merged or deleted included."""
        days = range((now.date() - FOUNDED).days + 1)
        found = [record for at in days for record in self._of_day(FOUNDED + DAY * at) if record.kind == kind]
        return sorted((record for record in found if record.created <= now), key=lambda record: record.id)

    def merges(self, kind: Kind, now: datetime) -> dict[int, list[CrmObject]]:
        """What was merged into each object until `now`."""
        found: dict[int, list[CrmObject]] = {}
        for record in self.objects(kind, now):
            if record.merged_into is not None and has_come(record.merged_at, now):
                found.setdefault(record.merged_into, []).append(record)
        return found

    def _compute(self, day: date) -> tuple[CrmObject, ...]:
        count = poisson(CONTACTS_A_DAY * demand(day), self._company.chance("crm", day))
        return tuple(record for number in range(count) for record in self._person(day, number, count))

    def _person(self, day: date, number: int, count: int) -> Iterator[CrmObject]:
        """A contact, perhaps its company, perhaps its deal."""

        chance = self._company.chances("crm", day, number)
        at = (day - FOUNDED).days * 100 + number
        # ids and moments both ascend within a day
        created = datetime.combine(day, time(), UTC) + DAY * ((number + chance("moment")) / (count + 0.01))
        source = self._source(chance("source"))
        is_duplicate = number > 0 and chance("duplicate") < 0.04
        mql_at = created + DAY * (6 * chance("mql after")) if chance("mql") < 0.45 else None
        sql_at = mql_at + DAY * (1 + 9 * chance("sql after")) if mql_at and chance("sql") < 0.4 else None
        yield CrmObject(
            "contacts",
            FIRST_CONTACT + at,
            created,
            source,
            mql_at,
            sql_at,
            # the first contact of a day is nobody's duplicate
            merged_into=FIRST_CONTACT + at - number if is_duplicate else None,
            merged_at=created + DAY * 5 if is_duplicate else None,
        )
        if number % 3 == 0:
            yield CrmObject("companies", FIRST_COMPANY + at, created, source)
        if sql_at and not is_duplicate and chance("deal") < 0.6:
            yield self._deal(day, number, FIRST_DEAL + at, sql_at + DAY * (3 * chance("deal after")), source)

    def _deal(self, day: date, number: int, deal_id: int, created: datetime, source: str) -> CrmObject:
        chance = self._company.chances("crm", day, number)
        amount = Decimal(str(2_000 + 18_000 * chance("amount"))).quantize(_CENT)
        closed_at = created + DAY * (20 + 40 * chance("close after"))
        is_won = chance("won") < 0.35
        amended = (closed_at + DAY * 40, (amount * Decimal("0.9")).quantize(_CENT))
        return CrmObject(
            "deals",
            deal_id,
            created,
            source,
            amount=amount,
            currency="USD" if chance("currency") < 0.15 else "EUR",
            amended=amended if is_won and chance("amended") < 0.3 else None,
            deleted_at=created + DAY * 10 if chance("deleted") < 0.02 else None,
            # every twentieth deal is forgotten and stays open
            closed_at=closed_at if chance("forgotten") > 0.05 else None,
            is_won=is_won,
        )

    def _source(self, chance: float) -> str:
        for source, share in SOURCES.items():
            chance -= share
            if chance < 0:
                return source
        return "DIRECT_TRAFFIC"
