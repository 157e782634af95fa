"""Pages as an analyst writes them with Evidence's documentation at hand."""

from __future__ import annotations

import re
from html import unescape

import duckdb
import pytest

from okr_reports.errors import PagesError
from okr_reports.report_site.check import check_pages
from okr_reports.report_site.formats.formats import Formatter

ORDERS = (
    "select date, account_name, campaign_id, campaign_name, spend, clicks, impressions, leads from marts.fct_ad_daily"
)
HEAD = "---\ntitle: Home\ncompany:\n  name: Acme\ncolors: [red, green]\nplace: Account 510001\n---\n"
ES = Formatter("es-ES", "EUR", "Europe/Madrid")


@pytest.fixture
def pages(build):
    """Builds an index page over the shared query `orders` and returns it as text and as HTML."""

    def make(body: str, **files: str) -> tuple[str, str]:
        given = {"queries/orders.sql": ORDERS, "pages/index.md": HEAD + body, **files}
        html = build(given)("index.html")
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))).replace("\u00a0", " "), html

    return make


def asked(snapshot, sql: str):
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        return connection.execute(f"with orders as ({ORDERS}) {sql}").fetchall()


def shown(value, code: str) -> str:
    return ES.format(value, code).replace("\u00a0", " ")


def test_variables_comments_and_line_ends(pages):
    text, html = pages(
        "<!-- a remark\n{% big_valeu /%}\n-->\n# {{ $company.name }} and {{ page.company.name }}, {{ $colors[0] }}\n\n"
        'Rows: {% value data="orders" value="count(*)" fmt="num0" /%}\nand more. Costs $five, `<!-- kept -->`.\n\n'
        '{% callout title="For {{ $company.name }}" type="success" %}x{% /callout %}\n'
    )
    assert "Acme and Acme, red" in text
    assert re.search(r"Rows: \d+ and more\. Costs \$five", text)
    assert "a remark" not in text
    assert "<!-- kept -->" in text
    assert "For Acme" in text
    assert 'class="callout good"' in html


def test_chaining_and_binding_as_evidence_writes_them(pages, snapshot):
    text, _ = pages(
        "```sql mine\nselect sum(spend) as s from {{ orders }} where account_name = {{ $place }}\n```\n"
        "```sql same\nselect s from ${mine}\n```\nSum {{ same[0].s | fmt('eur0') }}."
    )
    ((total,),) = asked(snapshot, "select sum(spend) from orders where account_name = 'Account 510001'")
    assert f"Sum {shown(total, 'eur0')}." in text


@pytest.mark.parametrize(
    ("date_range", "condition"),
    [
        ("last 28 days", "date between through - 27 and through"),
        ("last 2 months", "date > through - interval 2 month and date <= through"),
        ("Month to Date", "date >= date_trunc('month', through) and date <= through"),
        ("previous quarter", "date >= date '2026-07-01' and date <= date '2026-09-30'"),
        ("from 2026-11-01", "date >= date '2026-11-01'"),
        ("2026-10-01 to 2026-10-31", "date between date '2026-10-01' and date '2026-10-31'"),
        ("yesterday", "date = through - 1"),
    ],
)
def test_date_ranges(pages, snapshot, date_range, condition):
    text, _ = pages(
        f'Is {{% value data="orders" value="sum(spend)" fmt="num2" date_range={{ range="{date_range}" }} /%}}.'
    )
    sql = f"select sum(spend) from orders, (select data_through as through from marts.report_context) where {condition}"
    ((total,),) = asked(snapshot, sql)
    assert f"Is {shown(total, 'num2')} ." in text


def test_a_table_joins_measures_of_different_days_and_its_totals_are_exact(pages, snapshot):
    text, html = pages(
        '{% table data="orders" show_total_row=true %}\n  {% dimension value="account_name" /%}\n'
        '  {% measure value="sum(spend)" fmt="num2" sort="desc" /%}\n'
        '  {% measure value="sum(spend)" fmt="num2" date_range="last 28 days" title="Recent" /%}\n'
        '  {% measure value="sum(leads)" date_range="last 28 days" comparison={ compare_vs="prior period" } /%}\n'
        '  {% measure value="sum(spend)::double / sum(leads) as cpl" fmt="num2" title="CPL" /%}\n'
        '  {% measure value="sum(leads)" viz="sparkline" sparkline_options={ x="date" date_grain="month" } /%}\n'
        "{% /table %}"
    )
    recent = "date > (select data_through from marts.report_context) - 28"
    rows = asked(
        snapshot,
        f"""select account_name, sum(spend), sum(spend) filter (where {recent}), sum(spend)::double / sum(leads)
        from orders group by 1 order by 2 desc""",
    )
    for name, *numbers in rows:
        assert f"{name} {shown(numbers[0], 'num2')} {shown(numbers[1], 'num2')}" in text
        assert shown(numbers[2], "num2") in text
    ((ratio,),) = asked(snapshot, "select sum(spend)::double / sum(leads) from orders")
    total = html[html.index("<tfoot") : html.index("</tfoot")]
    assert shown(ratio, "num2") in total
    assert "delta" in total
    assert html.count('class="spark"') == len(rows)


@pytest.mark.parametrize(("target", "share"), [("2", "+25,0 %"), ('"2.0"', "+25,0 %"), ('"max(plan)"', "−50,0 %")])
def test_a_table_compares_with_a_number_or_an_aggregate(pages, target, share):
    text, _ = pages(
        "```sql rows\nselect 'a' as name, 2.5 as amount, 5 as plan\n```\n"
        '{% table data="rows" %}{% dimension value="name" /%}'
        f'{{% measure value="sum(amount)" comparison={{ target={target} }} /%}}{{% /table %}}'
    )
    assert share in text


def test_subtotals_listed_columns_links_and_colours(pages):
    text, html = pages(
        '{% table data="orders" subtotals=true %}{% dimension value="account_name" /%}'
        '{% dimension value="date" date_grain="month" /%}{% measure value="sum(clicks)" /%}{% /table %}\n'
        '{% table data="orders" dimensions=["account_name"] measures=["sum(spend)", "count(*) as days"] '
        "row_conditional_colors=\"case when sum(spend) > 0 then 'green' end\" /%}\n"
        '{% table data="orders" limit=2 link="/" page_size=1 search=true %}{% dimension value="campaign_name" '
        "link=\"concat('https://example.com/', campaign_id)\" /%}{% /table %}\n"
    )
    assert html.count('class="subtotal"') == 2
    assert html.count('<tr class="c-green"') == 2
    assert html.count('href="https://example.com/') == 2
    assert 'data-page-size="1"' in html
    assert "Total Account 510001" in text


def test_a_kpi_by_its_id_has_its_own_unit_and_direction(pages, snapshot):
    text, html = pages(
        '{% big_value metric="cost_per_lead" date_range="last 28 days" comparison={ compare_vs="prior period" } /%}\n'
        '{% line_chart metric="linkedin_leads" date_grain="month" /%}'
    )
    ((value,),) = asked(
        snapshot,
        """select sum(numerator)::double / sum(denominator) from marts.fct_kpi_daily, marts.report_context
        where kpi_id = 'cost_per_lead' and date > data_through - 28""",
    )
    assert shown(value, "cur") in text
    assert 'class="line s1"' in html


@pytest.mark.parametrize(
    "tag",
    [
        '{% bar_chart data="orders" x="date" y="sum(spend)" date_grain="day of week" stacked="100%" '
        'series="account_name" /%}',
        '{% line_chart data="orders" x="date" y="sum(leads)" date_grain="week" handle_missing="zero" width=50 '
        'y_axis_options={ min=0 title="Leads" } data_labels={ position="above" } info="By week" /%}',
        '{% heatmap data="orders" x="date" x_date_grain="month" y="account_name" value="sum(spend)" '
        'value_fmt="eur0k" /%}',
        '{% funnel_chart data="orders" category="account_name" value="sum(clicks)" /%}',
        '{% progress_bars data="orders" dimension="account_name" numerator="sum(leads)" denominator="sum(clicks)" /%}',
        '{% delta data="orders" value="sum(spend)" comparison={ compare_vs="target" target="120000" } chip=true /%}',
        '{% combo_chart data="orders" x="date" date_grain="month" %}{% bar y="sum(spend)" /%}{% line y="sum(leads)" /%}'
        '{% reference_line data="goals" y="goal" label="name" color="red" /%}{% /combo_chart %}',
        '{% info text="As of today" /%} {% link_button url="https://example.com" title="Visit" /%}',
        '{% download data="orders" where="spend > 10" limit=5 filename="some" /%}',
        '{% accordion %}{% accordion_item title="One" open=true %}x{% /accordion_item %}{% /accordion %}',
        '{% row align="top" %}a{% /row %}{% stack print_break="avoid" %}b{% /stack %}',
        '{% tabs %}{% tab title="A" %}a{% /tab %}{% tab title="B" default=true %}b{% /tab %}{% /tabs %}',
    ],
)  # fmt: skip
def test_attributes_of_the_documentation(pages, tag):
    goals = "```sql goals\nselect 10000 as goal, 'Least' as name union all select 20000, 'Stretch'\n```\n"
    assert "<" in pages(goals + tag)[1]


def test_partials_with_variables_and_components_in_markdown(pages):
    card = (
        "---\ntype: component\ndescription: A card\nattributes:\n  data:\n    type: query\n    required: true\n"
        "  title:\n    type: string\n    default: None\n---\n"
        '**{{ $title }}**: {% value data=$data value="count(*)" /%}\n'
    )
    box = "---\nabout: A box\nbody: markdown\n---\n{% callout %}{{ body }}{% /callout %}\n"
    text, html = pages(
        '{% partial file="/partials/intro" variables={ title="New" } /%}\n\n{% card data="orders" title="Rows" /%}\n\n'
        "{% box %}It **fell**.{% /box %}",
        **{"partials/intro.md": "---\nkind: Old\ntitle: x\n---\n{{ $title }} and {{ $kind }}\n",
           "components/card.md": card, "components/box.md": box},
    )  # fmt: skip
    assert "New and Old" in text
    assert re.search(r"Rows : \d", text)
    assert "It <strong>fell</strong>." in html


def test_links_to_pages_as_authors_write_them(pages):
    _, html = pages(
        '[a](/other) [b](other.md#x) [c](https://example.com) {% details title="d" %}[d](other){% /details %}',
        **{"pages/other.md": "---\ntitle: Other\n---\n# x\n"},
    )
    assert html.count('href="other/index.html"') == 2
    assert 'href="other/index.html#x"' in html


def test_a_link_to_no_page_is_told_with_its_line(reports, snapshot, tmp_path):
    from okr_reports.report_site.build import build_site

    files = {"pages/index.md": HEAD + "text\n\n[x](/othr)\n", "pages/other.md": "---\ntitle: Other\n---\n"}
    with pytest.raises(PagesError, match=r"index\.md:10: error: there is no page 'othr'; did you mean 'other'\?"):
        build_site(snapshot, reports(files), tmp_path / "site")


def test_html_of_evidence_before_core_is_named(reports):
    found = check_pages(reports({"pages/index.md": HEAD + "<BigValue data={a} value=b/>\n"}), None)
    (error,) = [str(finding) for finding in found if finding.severity == "error"]
    assert "index.md:8: error: <BigValue> is Evidence's old form; write {% big_value ... /%}" in error
    assert [finding.what for finding in found if finding.severity == "warning"] == [
        f"{key} is no key of a page, and nothing in the page uses it" for key in ("company", "colors", "place")
    ]


def test_the_head_of_a_column_is_above_its_numbers(pages):
    query = "select 'a' as name, 1 as n, null::int as nothing, 2.5 as half, 'x' as mixed"
    query += " union all select 'b', null, null, 3, '7'"
    _, html = pages(f'```sql own\n{query}\n```\n{{% table data="own" /%}}\n')
    heads = re.findall(r'<th scope="col"( class="num")?>', html)
    assert [bool(one) for one in heads] == [False, True, False, True, False]
    first = re.search(r"<tbody>.*?</tr>", html, re.DOTALL)[0]
    assert [("num" in one) for one in re.findall(r"<t[hd][^>]*data-v", first)] == [bool(one) for one in heads]
