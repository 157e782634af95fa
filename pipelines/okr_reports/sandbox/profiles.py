"""Acme's ad accounts by channel: their size, currency and zone. A new channel's stand-in adds its accounts here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AccountProfile:
    """`leads_a_day` on an average day two years after the founding; `cost_per_lead` in the account's currency.

    Campaign ids lie above `ids_from`. With `fractional_conversions` the vendor attributes shares of conversions.
    """

    id: str
    name: str
    currency: str
    timezone: str
    leads_a_day: float
    cost_per_lead: float
    ids_from: int = 200_000_000
    fractional_conversions: bool = False


PROFILES: dict[str, tuple[AccountProfile, ...]] = {
    "linkedin_ads": (
        AccountProfile("508720451", "Acme Europe", "EUR", "UTC", 5.5, 29.0),
        AccountProfile("517004982", "Acme Americas", "USD", "UTC", 3.0, 33.0),
    ),
    "google_ads": (
        AccountProfile("4159262001", "Acme Search Europe", "EUR", "Europe/Madrid", 4.0, 34.0, 20_700_000_000, True),
        AccountProfile("6283185307", "Acme Search US", "USD", "America/New_York", 2.5, 41.0, 20_700_000_000, True),
    ),
    "meta_ads": (
        AccountProfile(
            "798085168510957", "Acme Social Europe", "EUR", "Europe/Madrid", 6.0, 18.0, 120_200_000_000_000_000
        ),
        AccountProfile(
            "1018257391628043", "Acme Social US", "USD", "America/Los_Angeles", 3.5, 24.0, 120_200_000_000_000_000
        ),
    ),
    "microsoft_ads": (
        AccountProfile("150175881", "Acme Bing Europe", "EUR", "Europe/Paris", 1.5, 27.0),
        AccountProfile("150298417", "Acme Bing US", "USD", "America/New_York", 1.2, 31.0),
    ),
    "tiktok_ads": (
        AccountProfile(
            "7093456789012345678", "Acme Spark Europe", "EUR", "Europe/Madrid", 3.0, 14.0, 1_728_000_000_000_000_000
        ),
        AccountProfile(
            "7106543210987654321", "Acme Spark US", "USD", "America/Los_Angeles", 2.0, 16.0, 1_728_000_000_000_000_000
        ),
    ),
}

# The seeds (0 of `start`, 1 of `okr sandbox`) whose campaigns have names that a company could have.
SHOWCASE = (0, 1)
# Names that break careless readers: markup, formulas, SQL, templates, right-to-left text, surrogate pairs, whitespace.
HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.invalid","x")',
    "'; drop table campaigns; --",
    "{{ 7 * 7 }} {% raw %}",
    "\u202eסתיו 🍂 עסקים",
    '"quoted", with, commas\tand a tab',
    "][(x)](javascript:alert(1))",
    "Ñandú & Söhne — 50 % más",
)
