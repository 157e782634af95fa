"""One formatter: rounding half up, CLDR symbols, codes of Evidence and any ISO currency."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.formats.format_codes import check_code
from okr_reports.report_site.formats.formats import Formatter

ES = Formatter("es-ES", "EUR", "Europe/Madrid")
EN = Formatter("en-GB", "EUR", "Europe/Madrid")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "code", "spanish", "english"),
    [
        (1234.5, "num1", "1.234,5", "1,234.5"),
        (Decimal("2.675"), "num2", "2,68", "2.68"),
        (0.125, "num2", "0,13", "0.13"),
        (2.5, "num0", "3", "3"),
        (-2.5, "num0", "-3", "-3"),
        (-0.004, "pct0", "0 %", "0%"),
        (1250000, "usd1m", "1,3 M US$", "US$1.3M"),
        (1250000, "num1m", "1,3 M", "1.3 M"),
        (12345, "cur0k", "12 mil €", "€12k"),
        (1234567.5, "cur", "1.234.568 €", "€1,234,568"),
        (43.216, "cur", "43,22 €", "€43.22"),
        (43, "cur", "43 €", "€43"),
        (99.5, "jpy0", "100 ¥", "JP¥100"),
        (0.0123, "pct", "1,2 %", "1.2%"),
        (0.0123, "pct2", "1,23 %", "1.23%"),
        (1, "days", "1 día", "1 day"),
        (4.24, "days", "4,2 días", "4.2 days"),
        (3.14, "mult1", "3,1×", "3.1×"),
        (0.021, "pp1", "2,1 pp", "2.1 pp"),
        (921594675, "id", "921594675", "921594675"),
        (16543, "sci", "1.65E+4", "1.65E+4"),
        (None, "num0", "–", "–"),
        (float("nan"), "cur", "–", "–"),
        (float("inf"), "pct", "–", "–"),
        (True, "num0", "✓", "✓"),
        (date(2026, 11, 22), "shortdate", "22 nov 2026", "22 Nov 2026"),
        (date(2026, 11, 22), "mmm-yy", "nov-26", "Nov-26"),
        (date(2026, 11, 22), "iso", "2026-11-22", "2026-11-22"),
        (datetime(2026, 11, 23, 6, 10, tzinfo=UTC), "datetime", "23 nov 2026, 07:10", "23 Nov 2026, 07:10"),
        ("text", "num0", "text", "text"),
    ],
)
def test_codes(value, code, spanish, english):
    assert plain(ES.format(value, code)) == spanish
    assert plain(EN.format(value, code)) == english


def test_the_reporting_zone_decides_the_day():
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert ES.format(late) == "23 nov 2026, 00:30"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.integers(0, 3))
def test_rounding_is_half_up_for_any_decimal(value, digits):
    exact = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    shown = EN.format(value, f"num{digits}").replace(",", "")
    assert Decimal(shown) == exact


@pytest.mark.parametrize("locale", ["es-ES", "es-MX", "es-AR", "en-GB", "en-US", "de-CH", "fr-FR", "ar-EG"])
def test_equal_values_read_equal_whatever_their_type(locale):
    """A card (Decimal), a table (float) and a tooltip (from the table) show the same text: 125 numbers a locale."""
    formatter = Formatter(locale, "EUR", "Europe/Madrid")
    for number in range(125):
        value = Decimal(number * 7919) / Decimal(1000)
        for code in ("num2", "cur", "pct1", "usd1m"):
            assert formatter.format(value, code) == formatter.format(float(value), code)


@pytest.mark.parametrize("code", ["num0", "usd1m", "eur", "cur0k", "pct3", "mult2", "sci", "shortdate", "xof", "days1"])
def test_known_codes(code):
    check_code(code)


NEAREST = [("nmu0", "num0"), ("pct1k", "pct1"), ("shortdat", "shortdate"), ("xyz", "")]


@pytest.mark.parametrize(("code", "todo"), NEAREST)
def test_unknown_codes_name_the_nearest(code, todo):
    with pytest.raises(BadValue, match=f"no format '{code}'.*{todo}"):
        check_code(code)


def test_an_unknown_locale_is_named():
    with pytest.raises(BadValue, match="'xx-YY' is not known; use a CLDR locale"):
        Formatter("xx-YY", "EUR", "Europe/Madrid")


def test_a_date_format_refuses_a_number():
    with pytest.raises(BadValue, match="formats dates, not the number"):
        ES.format(5, "mmm-yy")


LOCALES = ("es-ES", "es-MX", "es-AR", "en-GB", "en-US", "de-CH", "fr-FR", "pt-BR")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_card_a_table_a_tooltip_and_a_mail_say_the_same(locale, tmp_path, reports):
    """1,000 numbers a locale: in a sentence, a table's cell, the table that tooltips show, and the mail's wording."""
    from okr_reports.deliveries.wording import Wording
    from okr_reports.report_site.build import build_site
    from tests.report_site.snapshot import write_snapshot

    body = """---
title: Home
---
```sql numbers
select n, (n * 7919 - 3000000)::decimal(18, 3) / 1000 as amount from range(1000) t(n) order by n
```
{% for row in numbers %}
<{{ row.amount | fmt("cur") }}>
{% endfor %}

{% table data="numbers" %}{% measure value="amount" fmt="cur" /%}{% /table %}

{% line_chart data="numbers" x="n" y="amount" y_fmt="cur" /%}
"""
    snapshot = write_snapshot(tmp_path / "okr.duckdb", language="en", locale=locale)
    site = build_site(snapshot, reports({"pages/index.md": body}), tmp_path / "site").out_dir
    main = (site / "index.html").read_text(encoding="utf-8").split("<main")[1]
    sentences = [unescape(one) for one in re.findall(r"&lt;([^<]*?)&gt;", main)]
    cells = [unescape(one) for one in re.findall(r'data-label="Amount">([^<]*)<', main)]
    tips = r'<tr data-x="[^"]*"><th scope="row">[^<]*</th><td class="num">([^<]*)<'
    tooltips = [unescape(one) for one in re.findall(tips, main)]
    mail = [Wording(locale, "EUR").number((n * 7919 - 3_000_000) / 1000, "currency") for n in range(1000)]
    assert len(cells) == 1000
    assert sentences == cells == tooltips == mail


@pytest.mark.parametrize(
    ("locale", "short", "days"),
    [
        ("en-GB", ["1.5\xa0k", "1.5\xa0M", "1.5\xa0B"], ["1\xa0day", "2.5\xa0days"]),
        ("es-ES", ["1,5\xa0mil", "1,5\xa0M", "1,5\xa0mil\xa0M"], ["1\xa0día", "2,5\xa0días"]),
        ("fr-FR", ["1,5\xa0k", "1,5\xa0M", "1,5\xa0Md"], ["1\xa0jour", "2,5\xa0jours"]),
        ("de-DE", ["1,5\xa0Tsd.", "1,5\xa0Mio.", "1,5\xa0Mrd."], ["1\xa0Tag", "2,5\xa0Tage"]),
        ("pt-BR", ["1,5\xa0mil", "1,5\xa0mi", "1,5\xa0bi"], ["1\xa0dia", "2,5\xa0dias"]),
        ("ca-ES", ["1,5\xa0k", "1,5\xa0M", "1,5\xa0k\xa0M"], ["1\xa0dia", "2,5\xa0dies"]),
        ("ja-JP", ["1.5\xa0k", "1.5\xa0M", "1.5\xa0k\xa0M"], ["1\xa0日", "2.5\xa0日"]),
    ],
)
def test_large_numbers_and_days_are_in_the_words_of_the_locale(locale, short, days):
    formatter = Formatter(locale, "EUR", "UTC")
    numbers = (Decimal(1500), Decimal(1500000), Decimal(1500000000))
    assert [formatter.format(n, code) for n, code in zip(numbers, ("num1k", "num1m", "num1b"), strict=True)] == short
    assert [formatter.format(n, "days") for n in (1, 2.5)] == days
