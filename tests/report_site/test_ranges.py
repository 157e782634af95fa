"""Any range of days a reader chooses has the number that a query by hand has, written as the formatter writes it."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from okr_reports.report_site.build import build_site
from okr_reports.report_site.formats.formats import UNIT_CODES, Formatter
from okr_reports.report_site.views.range_filter import range_filter
from tests.report_site.browser import chromium, watched

RANGES = 25
KPI = """
    select case any_value(k.kind) when 'ratio' then sum(f.numerator)::double / nullif(sum(f.denominator)::double, 0)
      when 'flow' then sum(f.numerator)::double else arg_max(f.value, f.date) filter (where f.value is not null) end
    from marts.fct_kpi_daily f join marts.dim_kpi k using (kpi_id) where kpi_id = ? and date between ? and ?"""
ADS = """
    select sum(spend), sum(impressions), sum(clicks), sum(clicks)::double / nullif(sum(impressions)::double, 0),
      sum(leads),
      sum(spend)::double / nullif(sum(leads)::double, 0), sum(conversions),
      sum(conversion_value)::double / nullif(sum(spend)::double, 0)
    from marts.fct_ad_daily where channel = ? and date between ? and ?"""
ADS_CODES = ("cur0", "num0", "num0", "pct2", "num0", "cur2", "num0", "mult2")


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def asked(page: Any, first: date, last: date, compare: str = "before") -> list[str]:
    page.locator("[data-range] [name=from]").fill(first.isoformat())
    page.locator("[data-range] [name=to]").fill(last.isoformat())
    page.locator("[data-range] [name=compare]").select_option(compare)
    return page.locator("[data-range] .big-number").all_inner_texts()


@pytest.mark.parametrize("language", ["es", "en"])
def test_random_ranges_have_the_numbers_of_a_query_by_hand(
    browser, built, english, snapshot, english_snapshot, language
):
    site, data = (built.out_dir, snapshot) if language == "es" else (english.out_dir, english_snapshot)
    formatter = Formatter("es-ES" if language == "es" else "en-GB", "EUR", "Europe/Madrid")
    random_ = random.Random(language)
    with duckdb.connect(str(data), read_only=True) as connection, watched(browser) as one:
        kpis = connection.execute(
            "select kpi_id, unit from marts.dim_kpi where kind <> 'distinct' order by 1"
        ).fetchall()
        pages = [(f"kpis/{kpi}", KPI, kpi, (UNIT_CODES[unit],)) for kpi, unit in kpis]
        compared = 0
        for path, sql, subject, codes in [*pages, ("channels/linkedin_ads", ADS, "linkedin_ads", ADS_CODES)]:
            page = one.open(site / path / "index.html")
            if not page.locator("[data-range]").count():
                continue
            low, high = (
                date.fromisoformat(page.locator("[data-range] [name=from]").get_attribute(name))
                for name in ("min", "max")
            )
            for _ in range(RANGES):
                first = low + timedelta(days=random_.randrange((high - low).days + 1))
                last = first + timedelta(days=random_.randrange((high - first).days + 1))
                values = connection.execute(sql, [subject, first, last]).fetchone()
                expected = [formatter.format(value, code) for value, code in zip(values, codes, strict=True)]
                assert asked(page, first, last) == expected, (path, first, last)
                compared += 1
        assert compared >= 5 * RANGES
        assert one.problems == []
        assert one.requests == []


def test_a_comparison_is_the_formatters_own_and_knows_its_direction(browser, english, english_snapshot):
    formatter = Formatter("en-GB", "EUR", "Europe/Madrid")
    random_ = random.Random(7)
    with duckdb.connect(str(english_snapshot), read_only=True) as connection, watched(browser) as one:
        better = dict(connection.execute("select kpi_id, better from marts.dim_kpi").fetchall())
        seen = set()
        for kpi in ("cost_per_lead", "linkedin_leads", "linkedin_spend"):
            if kpi not in better:
                continue
            page = one.open(english.out_dir / f"kpis/{kpi}/index.html")
            high = date.fromisoformat(page.locator("[data-range] [name=to]").get_attribute("max"))
            for _ in range(RANGES):
                length = random_.randrange(1, 40)
                last = high - timedelta(days=random_.randrange(20))
                first = last - timedelta(days=length - 1)
                asked(page, first, last)
                now, before = (
                    connection.execute(KPI, [kpi, *span]).fetchone()[0]
                    for span in ((first, last), (first - timedelta(days=length), first - timedelta(days=1)))
                )
                text = page.locator("[data-range] .big-change").inner_text()
                verdict = page.locator("[data-range] .delta").get_attribute("class").split()[1]
                share = (now - before) / abs(before)
                assert formatter.format(abs(share), "pct1") in text
                rises = {"higher": share > 0, "lower": share < 0, "neutral": None}[better[kpi]]
                assert verdict in ("neutral", {True: "good", False: "bad", None: "neutral"}[rises]), (kpi, first, last)
                seen.add(verdict)
        assert seen >= {"neutral"}


def test_the_address_keeps_the_range_and_bad_days_change_nothing(browser, english):
    with watched(browser) as one:
        page = one.open(english.out_dir / "roi/index.html")
        low, high = (
            date.fromisoformat(page.locator("[data-range] [name=from]").get_attribute(name)) for name in ("min", "max")
        )
        first = high - timedelta(days=40)
        shown = asked(page, first, high, "none")
        assert f"from={first}&to={high}&compare=none" in page.url
        assert page.locator("[data-range] .delta").count() == 0
        again = one.page
        again.goto(page.url)
        assert again.locator("[data-range] .big-number").all_inner_texts() == shown
        one_day = asked(again, high, high)
        assert asked(again, high, first) == one_day
        assert again.locator("[data-range] [name=from]").get_attribute("aria-invalid") == "true"
        again.goto(page.url.partition("?")[0] + "?from=<script>&to=2026-99-99&compare=x")
        assert again.locator("[data-range] [name=to]").input_value() == high.isoformat()
        assert low < first
        assert one.problems == []


def test_without_javascript_the_present_ranges_are_there(browser, english):
    with watched(browser, java_script_enabled=False) as one:
        page = one.open(english.out_dir / "kpis/cost_per_lead/index.html")
        assert not page.locator("[data-range]").is_visible()
        assert page.locator(".values .big-number").first.is_visible()


def test_what_is_inlined_is_small_and_exact(snapshot):
    """Three columns of two years are below 50 kB; a fraction of a cent is not lost."""
    day = date(2026, 11, 22)
    random_ = random.Random(3)
    rows = [
        {
            "date": day - timedelta(days=n),
            "a": Decimal(random_.randrange(10**7)) / 100,
            "b": random_.randrange(5000),
            "c": None,
        }
        for n in range(1200)
    ]
    rows[0]["a"] = Decimal("0.000000001")
    figure = {"title": "A", "kind": "ratio", "numerator": "a", "denominator": "b", "fmt": "cur2", "better": "lower"}
    found = range_filter(
        rows, [figure, {**figure, "numerator": "c"}], day, Formatter("de-DE", "EUR", "Europe/Berlin"), "x.js"
    )
    assert found is not None
    assert len(found.figures) == 1
    assert found.first == day - timedelta(days=799)
    assert len(found.json) < 50_000
    assert '"a":[9,[' in found.json
    assert ",1]]" in found.json


@pytest.mark.parametrize("locale", ["es-ES", "en-GB", "de-DE", "fr-FR", "pt-BR", "en-IN", "sv-SE"])
def test_numbers_are_written_as_the_formatter_writes_them(browser, locale, tmp_path, reports, changed):
    """Small, large, negative, plural and missing, in each kind of unit."""
    codes = ("num", "num0", "cur", "cur2", "pct", "pct2", "days", "mult2")
    values = [
        "0",
        "0.004",
        "0.5",
        "1",
        "1.25",
        "2",
        "9.995",
        "12.5",
        "999.999",
        "1000.5",
        "1234567.89",
        "-3.456",
        "-1234.5",
    ]
    titles = ", ".join(f"('T', 'stock', 'v', null, '{code}', 'neutral')" for code in codes)
    days = ", ".join(f"(date '2026-01-01' + {n}, {value}::decimal(28,9))" for n, value in enumerate(values))
    page_text = f"""---
title: Home
---
```sql days
select * from (values {days}) v(date, v)
```
```sql figures
select * from (values {titles}) f(title, kind, numerator, denominator, fmt, better)
```
{{% range_filter data="days" figures="figures" last=days[-1].date /%}}
"""
    data = changed(f"update report_context set locale = '{locale}'")
    site = build_site(data, reports({"pages/index.md": page_text}), tmp_path / "out").out_dir
    formatter = Formatter(locale, "EUR", "Europe/Madrid")
    with watched(browser) as one:
        page = one.open(site / "index.html")
        for number, value in enumerate(values):
            day = date(2026, 1, 1) + timedelta(days=number)
            assert asked(page, day, day) == [formatter.format(Decimal(value), code) for code in codes], value
