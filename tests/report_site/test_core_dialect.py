"""What pages of Evidence Core use beside the usual: names, formats of spreadsheets, pivots, parts of a whole."""
# ruff: noqa: E501

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape

import duckdb
import pytest

from okr_reports.report_site.check import check_pages
from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.formats.format_codes import check_code
from okr_reports.report_site.formats.formats import Formatter

SALES = """select * from (values ('North', 'Tea', date '2026-01-05', 10, 40.0), ('North', 'Ale', date '2026-02-05', 4, 100.0),
('South', 'Tea', date '2026-01-09', 30, 60.0), ('South', 'Ale', date '2026-02-09', 6, 30.0), ('West', 'Tea', date '2026-02-01', 5, 5.0))
as t(region, kind, day, units, sales)"""


@pytest.fixture
def page(build):
    """Builds a page over the query `sales`; gives its text and its HTML."""

    def make(body: str, front: str = "name: Sales") -> tuple[str, str]:
        html = build({"pages/index.md": f"---\n{front}\n---\n```sql sales\n{SALES}\n```\n{body}\n"})("index.html")
        text = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))
        return text.replace("\u00a0", " "), html

    return make


def asked(sql: str) -> list[tuple]:
    return duckdb.connect().sql(f"with sales as ({SALES}) {sql}").fetchall()


@pytest.mark.parametrize(
    ("value", "code", "british", "german"),
    [
        (1234.567, "#,##0", "1,235", "1.235"),
        (-1234.5, "$#,##0.00", "-$1,234.50", "-$1.234,50"),
        (0.1234, "0.0%", "12.3%", "12,3%"),
        (1234567, '#,##0,"k"', "1,235k", "1.235k"),
        (-5, '0;(0);"none"', "(5)", "(5)"),
        (0, '0;(0);"none"', "none", "none"),
        (1.5, "0.##", "1.5", "1,5"),
        (2, "0.##", "2", "2"),
        (7, "000", "007", "007"),
        (-0.2, "#,##0", "0", "0"),
        (12345, '#,##0" units"', "12,345 units", "12.345 units"),
        (date(2026, 3, 4), "yyyy-mm-dd", "2026-03-04", "2026-03-04"),
        (date(2026, 3, 4), "d mmm yyyy", "4 Mar 2026", "4 März 2026"),
        (datetime(2026, 3, 4, 15, 6), "hh:mm", "15:06", "15:06"),
    ],
)
def test_formats_of_spreadsheets(value, code, british, german):
    check_code(code)
    assert Formatter("en-GB", "EUR", "UTC").format(value, code) == british
    assert Formatter("de-DE", "EUR", "UTC").format(value, code) == german


@pytest.mark.parametrize("code", ["nmu0", "0 apples", "wk", "num 0", "#,##0 of all", "", "dd num0"])
def test_what_is_no_format_is_refused(code):
    with pytest.raises(BadValue, match="there is no format"):
        check_code(code)


def test_a_name_is_a_title_and_data_may_have_a_dollar(page):
    text, _ = page(
        '# Ours\n\n{% value data="$sales" value="sum(units)" fmt="#,##0.0" /%}', "name: Home\ntype: page\nassetId: 1-2"
    )
    assert "Ours 55,0" in text


def test_a_page_without_a_title_is_called_as_its_first_heading(build):
    build({"pages/index.md": "---\nsidebar_position: 1\n---\ntext\n\n# All of it\n"})


def test_a_pivot_asks_for_every_cell_and_every_total(page):
    _, html = page(
        '{% table data="sales" show_total_row=true show_total_column=true %}{% dimension value="region" /%}'
        '{% pivot value="kind" /%}{% measure value="sum(sales) / sum(units) as price" fmt="num2" title="Price" /%}{% /table %}'
    )
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    cells = [[unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    assert cells[0] == ["Region", "Ale", "Tea", "Total"]
    by_kind = [
        f"(sum(sales) filter (kind = '{kind}')) / (sum(units) filter (kind = '{kind}'))" for kind in ("Ale", "Tea")
    ]
    wanted = asked(f"select region, {', '.join(by_kind)}, sum(sales) / sum(units) from sales group by 1 order by 1")
    wanted += asked(f"select 'Total', {', '.join(by_kind)}, sum(sales) / sum(units) from sales")
    shown = Formatter("es-ES", "EUR", "UTC")
    assert cells[1:] == [[name, *(shown.format(one, "num2") for one in values)] for name, *values in wanted]


def test_pivots_group_columns_and_follow_grains(page):
    text, html = page(
        '{% table data="sales" dimensions=["region"] pivots=["kind"] measures=["sum(units)", "sum(sales)"] /%}\n'
        '{% table data="sales" %}{% dimension value="region" column_group="Where" /%}{% pivot value="day" date_grain="month" '
        'sort="desc" /%}{% measure value="sum(units)" /%}{% /table %}'
    )
    assert re.findall(r'colspan="(\d)">([^<]*)<', html)[:3] == [("1", ""), ("2", "Ale"), ("2", "Tea")]
    assert text.index("feb") < text.index("ene")


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ('{% table data="sales" %}{% pivot value="kind" /%}{% measure value="units" /%}{% /table %}', "'units' does not say how"),
        ('{% table data="sales" %}{% dimension value="region" /%}{% pivot value="kind" /%}{% /table %}', "the table has no measure"),
        ('{% pie_chart data="sales" category="kind" value="sum(-units)" /%}', "is no part of a whole"),
        ('{% scatter_chart data="sales" x="kind" y="units" /%}', "holds no numbers"),
        ('{% combo_chart data="sales" x="day" %}{% bar y="units" axis="y2" /%}{% /combo_chart %}', "'axis' cannot be 'y2'"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said(page, tag, said):
    with pytest.raises(Exception, match=re.escape(said)):
        page(tag)


def test_parts_of_a_whole_with_their_shares(page):
    text, html = page('{% pie_chart data="sales" category="kind" value="sum(sales)" value_fmt="num0" title="Kinds" /%}')
    for kind, amount, share in asked(
        "select kind, sum(sales), sum(sales) / sum(sum(sales)) over () from sales group by 1"
    ):
        assert (
            f"{kind} {amount:.0f} {Formatter('es-ES', 'EUR', 'UTC').format(share, 'pct1')}".replace("\u00a0", " ")
            in text
        )
    assert html.count('class="slice') == 2


def test_many_parts_of_a_whole_are_put_together(build):
    rows = "```sql many\nselect 'k' || i as k, i as v from range(1, 21) t(i)\n```\n"
    html = build(
        {"pages/index.md": f"---\ntitle: a\n---\n{rows}" + '{% pie_chart data="many" category="k" value="v" /%}\n'}
    )
    shown = html("index.html")
    assert shown.count('class="slice') == 8
    assert "13 más" in shown
    assert f"<strong>{sum(range(1, 14))}</strong>" in shown


def test_horizontal_bars_of_series(page):
    _, html = page(
        '{% horizontal_bar_chart data="sales" y="region" x="sum(units)" series="kind" /%}\n\n'
        '{% horizontal_bar_chart data="sales" y="region" x="sum(units)" series="kind" stacked=false /%}'
    )
    stacked, grouped = html.split("</figure>")[:2]
    for region, units in asked("select region, sum(units) from sales group by 1"):
        assert re.search(rf'<th scope="row">{region}</th><td class="num">{units}</td>', stacked)
    assert 'rowspan="2">North</th><td>Ale</td><td class="num">4</td>' in grouped


def test_a_mark_for_each_row(page):
    _, html = page('{% scatter_chart data="sales" x="units" y="sales" series="kind" point_title="region" /%}')
    assert html.count("end point") == len(asked("select 1 from sales"))
    assert re.search(r"<title>North</title>", html)


def test_options_of_axes_lines_and_labels(page):
    _, html = page(
        '{% line_chart data="sales" x="day" y="units" line_options={ type="dashed" markers=true step=true } '
        'x_axis_options={ title="Day" labels=false } y_axis_options={ gridlines=false } legend_location="bottom" /%}\n'
        '{% bar_chart data="sales" x="region" y="sum(units)" series="kind" stacked=true data_labels={ fmt="#,##0.0" } /%}\n'
        '{% funnel_chart data="sales" category="kind" value="sum(units)" show_percent=false align="center" /%}\n'
        '{% table data="sales" total_position="top" show_total_row=true freeze_columns=2 subtotals=true subtotal_position="top" %}'
        '{% dimension value="region" /%}{% dimension value="kind" /%}{% measure value="sum(units)" /%}{% /table %}'
    )
    assert "line s1 dashed" in html
    assert '<p class="axis-title">Day</p>' in html
    assert 'class="label" text-anchor="middle">10,0<' in html
    assert html.index('class="total"') < html.index('class="subtotal"')
    assert 'data-freeze="2"' in html


def test_attributes_that_change_nothing_are_accepted_and_said(reports, snapshot):
    body = f"---\nname: a\n---\n```sql sales\n{SALES}\n```\n"
    line = body.count("\n") + 1
    body += '{% bar_chart data="sales" x="kind" y="sum(units)"\n  chart_options={ zoom=true } y_axis_options={ ticks=true }\n/%}\n'
    found = [str(one) for one in check_pages(reports({"pages/index.md": body}), snapshot)]
    assert len(found) == 2
    assert (
        f"index.md:{line + 1}: warning: the attribute 'chart_options' of 'bar_chart' changes nothing here" in found[0]
    )
    assert "'y_axis_options.ticks'" in found[1]


def test_text_that_depends_on_whether_a_query_has_rows(page):
    text, _ = page(
        '{% if data="sales" condition="has_rows" where="region = \'{{ sales[0].region }}\'" %}\nA\n{% /if %}\n'
        '{% if data="sales" where="units > 1000" %}\nB\n{% /if %}\n{% else_if data="$sales" condition="no_rows" %}\nC\n'
        "{% /else_if %}\n{% else %}\nD\n{% /else %}\n"
        '{% if data="sales"\n  condition="no_rows"\n%}\nE\n{% else /%}\nF\n{% /if %}\n'
    )
    assert re.findall(r"\b[A-F]\b", text) == ["A", "D", "F"]
    _, html = page(
        '{% line_chart data="sales" x="day" y="sum(sales)" chart_options={ colors={ "A"="#fff" "B b"="#000" } } /%}'
    )
    assert "<svg" in html


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            '{% if data="sales" whre="x" %}A{% /if %}',
            "2: error: 'if' has no attribute 'whre'; give data, condition or where",
        ),
        ('{% if condition="no_rows" %}A{% /if %}', "2: error: 'if' needs the attribute 'data'"),
        ('{% if data="sales" condition="rows" %}A{% /if %}', "2: error: 'condition' of 'if' cannot be 'rows'"),
        ('{% if data="nowhere" %}A{% /if %}', "2: error: there is no query 'nowhere'"),
    ],
)
def test_conditions_that_cannot_be(tmp_path, snapshot, written, said):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/index.md").write_text(f"# A\n{written}\n\n```sql sales\n{SALES}\n```\n", encoding="utf-8")
    assert any(said in str(finding) for finding in check_pages(tmp_path, snapshot))
