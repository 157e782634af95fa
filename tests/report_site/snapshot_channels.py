"""The part of a test snapshot that channels and KPIs fill."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from okr_reports.key_result_types import types
from tests.report_site.snapshot_data import CAMPAIGNS, KPIS, TEAMS
from tests.report_site.snapshot_rows import PERIODS, PROVISIONAL_FROM, THROUGH, TODAY, Rows, days


class ChannelRows(Rows):
    """Dimensions, advertising day by day, KPIs."""

    def dimensions(self) -> None:
        self.add(
            "report_context",
            self.text("Acme Analytics"),
            "EUR",
            "Europe/Madrid",
            self.locale,
            self.language,
            TODAY,
            "r-20261123-0610",
            datetime(2026, 11, 23, 6, 10, tzinfo=UTC),
            THROUGH,
            0.9,
            0.75,
            0.1,
            1.0,
            0.7,
            "https://github.com/acme/okrs",
            "github",
            "main",
            "okr_definitions/check_ins",
            None,
            None,
        )
        for period, (start, end) in PERIODS.items():
            self.add("dim_period", period, period, "quarter", start, end)
        for type_ in types().values():
            self.add("dim_key_result_type", type_.name, type_.position, type_.about, type_.is_held, type_.is_share)
        for team, title in TEAMS.items():
            self.add("dim_team", team, self.text(title), self.texts(title))
        self.add(
            "dim_channel",
            "linkedin_ads",
            "LinkedIn Ads",
            "ads",
            7,
            "primary",
            "oneClickLeads: lead forms that were sent",
            "vendor.example",
            "202609",
            date(2027, 1, 15),
            False,
            "vendor.example/versions",
        )
        means = "oneClickLeads: lead forms that were sent"
        for measure, part in (
            ("conversions", {"says": means, "word": "primary", "source": "vendor.example"}),
            ("clicks", {"says": "as %(title)s reports it", "title": "LinkedIn Ads"}),
        ):
            parts = json.dumps([{"channel": "linkedin_ads", **part}])
            self.add("dim_measure", measure, measure.title(), "number", False, "linkedin_ads: …", parts, "linkedin_ads")
        self.add("dim_channel", "newsletter", self.text("Boletín"), "email", 3, *[None] * 7)
        for channel, account, name, currency in (
            ("linkedin_ads", "510001", "Acme Iberia", "EUR"),
            ("linkedin_ads", "510002", "Acme US", "USD"),
            ("newsletter", "", "", "EUR"),
        ):
            self.add("dim_account", channel, account, self.text(name), currency, "Europe/Madrid")
        refused = datetime(2026, 11, 2, 6, 10, tzinfo=UTC)
        self.add("health_gate", 1, "objectives_complete", True, 24, 24, 1.0, None, None)
        self.add("health_gate", 2, "sources_loaded", True, 3, 3, None, None, refused)
        self.add("health_gate", 3, "sources_fresh", True, 2, 3, 0.5, "linkedin_ads 510002", None)
        self.add("health_gate", 4, "values_kept", True, 0, 0, 0.0, None, None)
        self.add(
            "source_health",
            "linkedin_ads",
            "510001",
            self.text("Acme Iberia"),
            "fresh",
            THROUGH,
            PROVISIONAL_FROM,
            datetime(2026, 11, 23, 6, 2, tzinfo=UTC),
            None,
            None,
        )
        self.add(
            "source_health",
            "linkedin_ads",
            "510002",
            self.text("Acme US"),
            "failed",
            date(2026, 11, 18),
            date(2026, 11, 12),
            datetime(2026, 11, 19, 6, 2, tzinfo=UTC),
            self.text("no exchange rate for USD on 2026-11-19; add it to okr_definitions/exchange_rates.csv"),
            date(2026, 11, 19),
        )
        self.add(
            "source_health",
            "newsletter",
            "",
            "",
            "fresh",
            THROUGH,
            date(2026, 11, 20),
            datetime(2026, 11, 23, 6, 3, tzinfo=UTC),
            None,
            None,
            None,
            3,
            1,
            1,
            date(2026, 11, 20),
        )
        for day in days(date(2026, 1, 1), date(2026, 12, 31)):
            quarter = f"{day.year}-Q{(day.month + 2) // 3}"
            self.add(
                "dim_date",
                day,
                day - timedelta(days=day.weekday()),
                day.replace(day=1),
                quarter,
                day.year,
                day.isoweekday(),
            )

    def advertising(self) -> None:
        for account, campaign, name, group, weight in CAMPAIGNS:
            self.add(
                "dim_campaign",
                "linkedin_ads",
                account,
                campaign,
                self.text(name),
                f"g{account}",
                self.text(group),
                "active" if weight else "paused",
            )
            for number, day in enumerate(days(date(2026, 7, 1), THROUGH)):
                if account == "510002" and day > date(2026, 11, 18):
                    continue
                season = (0.55 if day.weekday() >= 5 else 1.0) * (1 + number / 400) * (weight + 0.15)
                impressions = int(9000 * season * self.random.uniform(0.85, 1.15))
                clicks = int(impressions * self.random.uniform(0.008, 0.013))
                leads = int(clicks * self.random.uniform(0.02, 0.06))
                spend = Decimal(impressions) * Decimal("0.031")
                measures = {
                    "impressions": Decimal(impressions),
                    "clicks": Decimal(clicks),
                    "link_clicks": Decimal(int(clicks * 0.8)),
                    "spend": spend,
                    "conversions": Decimal(leads // 2),
                    "conversion_value": Decimal(leads) * 140,
                    "leads": Decimal(leads),
                    "video_views": Decimal(impressions // 9),
                }
                currency = "EUR" if account == "510001" else "USD"
                provisional = day >= PROVISIONAL_FROM
                self.add(
                    "fct_ad_daily",
                    day,
                    "linkedin_ads",
                    account,
                    campaign,
                    self.text(f"Account {account}"),
                    self.text(name),
                    f"g{account}",
                    self.text(group),
                    currency,
                    *measures.values(),
                    provisional,
                )
                for measure, value in measures.items():
                    self.add(
                        "fct_measure_daily",
                        day,
                        "linkedin_ads",
                        account,
                        campaign,
                        measure,
                        value,
                        value,
                        currency,
                        provisional,
                    )
        for day in days(date(2026, 7, 1), THROUGH):
            sent = Decimal(self.random.randrange(4000, 5200) if day.weekday() == 1 else 0)
            for measure, value in {"emails_sent": sent, "opens": sent * Decimal("0.34")}.items():
                self.add("fct_measure_daily", day, "newsletter", "", "", measure, value, value, "EUR", False)

    def kpis(self) -> None:
        for kpi in KPIS:
            numerator, denominator = kpi.get("numerator"), kpi.get("denominator")
            self.add(
                "dim_kpi",
                kpi["id"],
                self.text(kpi["title"]),
                self.texts(kpi["title"]),
                self.text(kpi["about"]),
                self.texts(kpi["about"]),
                kpi["kind"],
                kpi.get("measure"),
                numerator,
                denominator,
                kpi["unit"],
                kpi["better"],
                "linkedin_ads" if "linkedin" in kpi["id"] else None,
            )
            if kpi["id"] == "cost_per_lead":
                self.add("kpi_channels", kpi["id"], "linkedin_ads", True, False, True, True, True)
                self.add("kpi_channels", kpi["id"], "google_ads", False, False, True, False, True)
            for number, day in enumerate(days(date(2026, 7, 1), THROUGH)):
                top = kpi["level"] * (1 + 0.0015 * number) * self.random.uniform(0.8, 1.2)
                bottom = 1.0 if denominator is None else kpi["per"] * self.random.uniform(0.9, 1.1)
                if kpi["kind"] == "stock":
                    top = kpi["level"] + number * 0.4
                value = None if number % 61 == 60 else top / bottom
                if kpi["id"] == "cost_per_lead":
                    self.add("kpi_days_otherwise", kpi["id"], day, 2 * top, bottom)
                self.add(
                    "fct_kpi_daily",
                    kpi["id"],
                    day,
                    top,
                    bottom if denominator else None,
                    value,
                    day >= PROVISIONAL_FROM,
                )
