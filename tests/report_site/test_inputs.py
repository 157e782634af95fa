"""Inputs of static pages: every choice is computed when the page is built, and is what its query gives by hand."""
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from itertools import product

import duckdb
import pytest

from okr_reports.errors import PagesError
from okr_reports.report_site.build import build_site
from okr_reports.report_site.check import check_pages
from tests.report_site.browser import chromium, watched

SALES = """select * from (values ('North', 'Tea', date '2026-11-21', 10, 'a'), ('North', 'Ale', date '2026-11-02', 4, 'b'),
('South', 'Tea', date '2026-10-09', 30, 'a'), ('South', 'Ale', date '2026-11-20', 6, 'b'), ('South', 'Mate', date '2026-11-19', 1, 'd'), ('O''Hara', 'Tea', date '2026-11-01', 5, 'c'))
as t(region, kind, day, units, code)"""
HOSTILE = "x' or true; drop table q; --"
PAGE = f"""---
title: Sales
---
```sql sales
{SALES}
union all select '{HOSTILE.replace("'", "''")}', 'Tea', date '2026-11-03', 7, 'd'
```
```sql total
select coalesce(sum(units), 0) as units from ${{sales}} where region = '${{inputs.region.value}}' [[ and kind = {{{{ kind }}}} ]]
and day {{{{ days.between }}}}
```
{{% dropdown id="region" data="sales" value_column="region" select_first=true title="Region" /%}}
{{% button_group id="kind" title="Kind" value_column="kind" %}}{{% option value="Tea" label="Teas" /%}}{{% option value="Ale" /%}}{{% /button_group %}}
{{% range_calendar id="days" preset_ranges=["last 7 days", "2026-10-01 to 2026-11-02"] value_column="day" /%}}

# Sales

A: {{{{ total[0].units }}}}.

B: {{% value data="sales" value="coalesce(sum(units), 0)" filters=["region", "kind", "days"] /%}}.

C: {{% value data="sales" value="coalesce(sum(units), 0)" where="region = {{{{ region }}}} and {{{{ kind.filter }}}} and day {{{{ days }}}}" /%}}.

What never changes.

{{% table data="sales" filters=["region"] title="Of {{{{ region }}}}" /%}}
"""
REGIONS = ["North", "South", "O'Hara", HOSTILE]
KINDS = [None, "Tea", "Ale"]
DAYS = [None, ("2026-11-16", "2026-11-22"), ("2026-10-01", "2026-11-02")]


class Variants(HTMLParser):
    """The text of a page in one of its variants."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.text, self.open = str(number), "", []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "data-for" in given:
            self.open.append((tag, 0, self.number in given["data-for"].split()))
        elif self.open and tag == self.open[-1][0]:
            self.open[-1] = (tag, self.open[-1][1] + 1, self.open[-1][2])

    def handle_endtag(self, tag):
        if self.open and tag == self.open[-1][0]:
            of, depth, shown = self.open.pop()
            if depth:
                self.open.append((of, depth - 1, shown))

    def handle_data(self, data):
        if all(shown for *_, shown in self.open):
            self.text += data


def by_hand(region, kind, days) -> int:
    """The same figure, asked of the rows with the values bound."""
    first, last = days or ("0001-01-01", "9999-12-31")
    more = f"union all select '{HOSTILE.replace(chr(39), chr(39) * 2)}', 'Tea', date '2026-11-03', 7, 'd'"
    sql = f"select coalesce(sum(units), 0) from ({SALES} {more}) where region = ? and (? is null or kind = ?)"
    return (
        duckdb.connect()
        .execute(f"{sql} and day between ?::date and ?::date", [region, kind, kind, first, last])
        .fetchone()[0]
    )


@pytest.fixture(scope="module")
def made(snapshot, tmp_path_factory):
    root = tmp_path_factory.mktemp("inputs")
    (root / "reports" / "pages").mkdir(parents=True)
    (root / "reports" / "pages" / "index.md").write_text(PAGE, encoding="utf-8")
    return build_site(snapshot, root / "reports", root / "site").out_dir / "index.html"


def test_every_variant_is_what_its_query_gives_by_hand(made):
    html = made.read_text(encoding="utf-8")
    described = json.loads(unescape(re.search(r'data-inputs="([^"]*)"', html)[1]))
    assert [name for name, *_ in described] == ["region", "kind", "days"]
    assert described[0][1] == REGIONS
    assert [first for *_, first in described] == [0, 0, 0]
    for number, (region, kind, days) in enumerate(product(REGIONS, KINDS, DAYS)):
        reader = Variants(number)
        reader.feed(html)
        shown = re.findall(r"([ABC]): (\d+)", reader.text)
        wanted = str(by_hand(region, kind, days))
        assert shown == [("A", wanted), ("B", wanted), ("C", wanted)], (region, kind, days)
        assert f"Of {region}" in reader.text
        assert reader.text.count("What never changes.") == 1


def test_what_is_the_same_stands_once_and_the_page_stays_small(made):
    html = made.read_text(encoding="utf-8")
    assert html.count("What never changes.") == 1
    assert html.count("<caption>") == len(REGIONS)
    assert len(html) < 60_000


def test_a_choice_in_a_browser_needs_no_request_and_the_address_holds_it(made):
    with chromium() as browser, watched(browser) as one:
        page = one.open(made)
        assert page.get_by_text("A: 14.").is_visible()
        page.get_by_label("Region").select_option("South")
        page.get_by_role("button", name="Teas").click()
        assert page.get_by_text("A: 30.").is_visible()
        assert page.get_by_role("button", name="Teas").get_attribute("aria-pressed") == "true"
        assert page.locator("caption").inner_text() == "Of South"
        assert page.evaluate("location.hash") == "#region=South&kind=Tea"
        assert "Region: South" in page.locator('[role="status"].visually-hidden').inner_text()
        page.locator("caption").locator("xpath=..").get_by_role("button", name="Units").wait_for(state="attached")
        page.reload()
        assert page.get_by_text("A: 30.").is_visible()
        assert page.get_by_label("Region").input_value() == "South"
        page.get_by_label("Region").focus()
        page.get_by_label("Region").select_option("North")
        page.get_by_role("button", name="Todo").first.click()
        assert page.evaluate("location.hash") == ""
        assert page.get_by_text("A: 14.").is_visible()
        assert (one.requests, one.problems, one.dialogs) == ([], [], [])


def test_without_javascript_the_default_stands(made):
    with chromium() as browser, watched(browser, java_script_enabled=False) as one:
        page = one.open(made)
        assert page.get_by_text("A: 14.").is_visible()
        assert not page.locator("select[name=region]").is_visible()
        assert page.locator('[data-input="region"] .input-now').inner_text() == "Region: North"


HEAD = "---\ntitle: a\n---\n```sql q\nselect i, 'k' || i as k, date '2026-11-01' as d from range(60) t(i)\n```\n"
FAULTS = {
    "too many": ('{% dropdown id="a" data="q" value_column="k" /%}', "index.md:7", "61 variants (61 choices), more than 50"),
    "too many together": (
        '{% dropdown id="a" data="q" value_column="k" where="i < 9" /%}\n{% range_calendar id="b" /%}', "index.md:8",
        "80 variants (10 x 8 choices)"),
    "nothing": ('{% dropdown id="a" data="q" value_column="k" where="i > 99" /%}', "index.md:7", "has nothing to choose from"),
    "no such first value": (
        '{% dropdown id="a" initial_value="z" %}{% option value="x" /%}{% /dropdown %}', "index.md:7", "'z'"),
    "two of one name": ('{% toggle id="a" /%}\n{% toggle id="a" /%}', "index.md:8", "two inputs called 'a'"),
    "a query's name": ('{% toggle id="q" /%}', "index.md:7", "has the name of a query"),
    "no column": (
        '{% toggle id="a" /%}\n{% value data="q" value="count(*)" filters=["a"] /%}', "index.md:8", "which column"),
    "no such filter": ('{% toggle id="a" /%}\n{% value data="q" value="count(*)" filters=["b"] /%}', "index.md:8", "no input 'b'"),
    "no such range": ('{% range_calendar id="a" default_range="last moon" /%}', "index.md:7", "no date range"),
    "text of data in SQL": (
        '{% dropdown id="a" data="q" value_column="k" where="i < 3" /%}\n```sql r\nselect ${inputs.a.literal}\n```', "index.md:9",
        "comes from data and is no part of SQL"),
    "text of data beside an option": (
        '{% dropdown id="a" data="q" value_column="k" where="i < 3" %}{% option value="%" /%}{% /dropdown %}\n'
        "```sql r\nselect '${inputs.a.literal}'\n```", "index.md:9", "comes from data and is no part of SQL"),
    "no such part": ('{% toggle id="a" /%}\n```sql r\nselect ${inputs.a.valeu}\n```', "index.md:9", "has no 'valeu'"),
    "no such input": ('{% toggle id="a" /%}\n```sql r\nselect ${inputs.b}\n```', "index.md:9", "there is no 'inputs.b'"),
    "no column of data in an expression": (
        '{% dropdown id="a" %}{% option value="i); drop" /%}{% /dropdown %}\n{% value data="q" value="sum({{ a }})" /%}',
        "index.md:8", "is no column"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_with_an_input_is_said_with_its_line(reports, snapshot, name):
    body, place, said = FAULTS[name]
    found = [str(one) for one in check_pages(reports({"pages/index.md": HEAD + body + "\n"}), snapshot)]
    assert any(f"{place}: error: " in one and said in one for one in found), found


def test_a_choice_may_be_part_of_sql_where_the_author_wrote_it(build):
    body = (
        '{% dropdown id="a" select_first=true options=["i", "k"] /%}\n{% date_grain_selector id="g" preset_values=["month"] /%}\n'
        "```sql r\nselect max(${inputs.a.literal}) as m from ${q}\n```\nMost: {{ r[0].m }}.\n"
        '{% line_chart data="q" x="d" y="sum(i)" date_grain="{{ g }}" /%}'
    )
    html = build({"pages/index.md": HEAD + body + "\n"})("index.html")
    assert "Most: 59." in html
    assert "Most: k9." in html


def test_partials_may_hold_inputs_and_pages_of_rows_too(build):
    page = "---\ntitle: \"{{ params.k }}\"\none_page_per: rows\n---\n```sql rows\nselect k from (values ('a'), ('b')) t(k)\n```\n"
    page += '```sql r\nselect ${inputs.on} as x, ${params.k} as k\n```\n{% partial file="choice" /%}\n\n{{ r[0].k }} is {{ r[0].x }}.\n'
    html = build({"pages/p/[k].md": page, "partials/choice.md": '{% toggle id="on" label="On" /%}\n'})("p/b/index.html")
    assert re.search(r"b is .*<template[^>]*>.*b is ", html, re.DOTALL)


def test_a_page_with_a_fault_in_one_variant_is_not_published(reports, snapshot, tmp_path):
    body = '{% dropdown id="a" select_first=true options=["i", "nothing"] /%}\n{% value data="q" value="sum({{ a }})" /%}\n'
    with pytest.raises(PagesError, match=r"index\.md:8: error: .*nothing"):
        build_site(snapshot, reports({"pages/index.md": HEAD + body}), tmp_path / "site")
