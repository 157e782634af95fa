"""Forty-odd mistakes of page authors: each is told with file and line, what is wrong, and a fix."""

from __future__ import annotations

import pytest

from okr_reports.errors import PagesError
from okr_reports.report_site.build import build_site
from okr_reports.report_site.check import check_pages
from okr_reports.report_site.pages.lineage import marts_of_pages

HEAD = "---\ntitle: Home\n---\n"
ROWS = "```sql rows\nselect 1 as id, 'a' as name, 2.5 as amount\n```\n"


def page(body: str) -> dict[str, str]:
    """One page: front matter on lines 1-3, the query `rows` on lines 4-6, the body from line 7."""
    return {"pages/index.md": HEAD + ROWS + body}


def compared(measure: str, target: str) -> str:
    """A table whose measure has a comparison."""
    return (
        '{% table data="rows" %}{% dimension value="name" /%}'
        f'{{% measure value="{measure}" comparison={{ compare_vs="target" {target} }} /%}}{{% /table %}}'
    )


OWN = "---\nabout: Mine.\nattributes:\n  size: {type: number, required: true}\n---\n<b>{{ size }}</b>\n"

# files, file and line, words of what is wrong, words of what to do
SEEN_BY_CHECK = {
    "component misspelt": (
        page("\n{% big_valeu data=rows /%}\n"), "index.md:8", "no component 'big_valeu'", "'big_value'"),
    "attribute misspelt": (
        page('{% value data="rows" valeu="id" /%}'), "index.md:7", "no attribute 'valeu'", "'value'"),
    "attribute missing": (page('{% value data="rows" /%}'), "index.md:7", "needs the attribute 'value'", "add value="),
    "attribute on its own line": (
        page('{% value\n  data="rows"\n  value="id"\n  fmt="nmu0"\n/%}'), "index.md:10", "no format 'nmu0'", "'num0'"),
    "wrong type": (page('{% table data="rows" limit="ten" /%}'), "index.md:7", "'limit' is 'ten'", "a whole number"),
    "boolean in quotes": (page('{% table data="rows" download="no" /%}'), "index.md:7", "'download'", "true or false"),
    "unknown choice": (
        page('{% line_chart data="rows" x="id" y="amount" date_grain="weekk" /%}'), "index.md:7", "'weekk'", "'week'"),
    "unknown field": (
        page('{% big_value data="rows" value="id" comparison={ compare="target" } /%}'), "index.md:7", "no 'compare'",
        "'compare_vs'"),
    "query misspelt": (page('{% value data="rosw" value="id" /%}'), "index.md:7", "no query 'rosw'", "'rows'"),
    "mart misspelt": (page('{% table data="key_result" /%}'), "index.md:7", "no query 'key_result'", "'key_results'"),
    "a filter that needs a server": (
        page('{% text_input id="a" /%}'), "index.md:7", "no component 'text_input'", "static"),
    "a chart that is not here": (page('{% waterfall data="rows" /%}'), "index.md:7", "'waterfall'", "bar_chart"),
    "a loop of Evidence's old form": (page("{#each rows as row}"), "index.md:7", "comment that never ends", "{% for"),
    "a variable as a tag": (page("{% $rows %}"), "index.md:7", "no component '$'", "{{ $name }}"),
    "a text not closed": (page('{% value data="rows /%}'), "index.md:7", "never closed", "close it"),
    "child outside": (page('{% measure value="id" /%}'), "index.md:7", "'measure' stands alone", "inside {% table %}"),
    "tag not closed": (page('{% details title="x" %}\ntext\n'), "index.md:7", "'details' is never closed", "/details"),
    "tag closed twice": (page("text\n{% /details %}\n"), "index.md:8", "not open", "remove it"),
    "single tag not ended": (
        page('{% value data="rows" value="id" %}'), "index.md:7", "is not closed", "end it with /%}"),
    "attribute without value": (page("{% value data /%}"), "index.md:7", "'data' of 'value' has no value", "data=..."),
    "attribute twice": (page('{% value data="rows" data="rows" /%}'), "index.md:7", "given twice", "keep one"),
    "for not closed": (page("{% for row in rows %}\n"), "index.md", "Unexpected end", "{% endfor %}"),
    "expression broken": (page("\n\n{{ rows[0. }}\n"), "index.md:9", "", "fix"),
    "filter unknown": (page("{{ rows | fmmt }}"), "index.md:7", "no filter 'fmmt'", "'fmt'"),
    "partial unknown": (
        {**page('{% partial file="intor" /%}'), "partials/intro.md": "hello"}, "index.md:7", "no partial 'intor'",
        "'intro'"),
    "partial with a query": (
        {**page(""), "partials/intro.md": "a\n" + ROWS}, "intro.md:2", "SQL fence", "queries/rows.sql"),
    "no title": ({"pages/index.md": "---\nsidebar: true\n---\n"}, "index.md:1", "no title", "add `title: ...`"),
    "front matter open": ({"pages/index.md": "---\ntitle: x\n"}, "index.md:1", "never closed", "three dashes"),
    "front matter broken": (
        {"pages/index.md": "---\ntitle: Leads: more\n---\n"}, "index.md:2", "not YAML", "a colon need quotes"),
    "front matter with a control character": (
        {"pages/index.md": "---\ntitle: Años\nabout: a\x07b\n---\n"}, "index.md:3", "character U+0007", "fix"),
    "front matter with a day that is none": (
        {"pages/index.md": "---\ntitle: Home\nday: 2026-13-45\n---\n"}, "index.md:3", "month must be", "fix the line"),
    "front matter with a list for a key": (
        {"pages/index.md": "---\ntitle: Home\n? [a]\n: b\n---\n"}, "index.md:3", "not a word", "`title: ...`"),
    "front matter key twice": (
        {"pages/index.md": "---\ntitle: a\ntitle: b\n---\n"}, "index.md:3", "'title' twice", "keep one"),
    "position a text": (
        {"pages/index.md": "---\ntitle: a\nsidebar_position: first\n---\n"}, "index.md:3", "'first'", "a whole number"),
    "query without name": (
        {"pages/index.md": HEAD + "```sql\nselect 1\n```\n"}, "index.md:4", "no name", "```sql name"),
    "query badly named": (
        {"pages/index.md": HEAD + "```sql My Query\nselect 1\n```\n"}, "index.md:4", "'My Query'", "a-z, 0-9 and _"),
    "query twice": ({"pages/index.md": HEAD + ROWS + ROWS}, "index.md:7", "two queries called 'rows'", "line 4"),
    "fence open": ({"pages/index.md": HEAD + "```sql rows\nselect 1\n"}, "index.md:4", "never closed", "a line of ```"),
    "chain misspelt": (
        page("```sql more\nselect *\nfrom ${rosw}\n```\n"), "index.md:9", "no query 'rosw'", "'rows'"),
    "chain in a circle": (
        page("```sql a\nselect * from ${b}\n```\n```sql b\nselect * from ${a}\n```\n"), "index.md:", "in a circle",
        "break"),
    "parameter in quotes": (
        {**page(""), "pages/a/[id].md": "---\ntitle: a\none_page_per: rows\n---\n" + ROWS
         + "```sql b\nselect '${params.id}'\n```\n"}, "[id].md:9", "inside quotes", "leave the quotes out"),
    "parameter on a single page": (
        page("```sql a\nselect ${params.id}\n```\n"), "index.md:8", "'params.id'", "no parameters"),
    "one_page_per misspelt": (
        {**page(""), "pages/a/[id].md": "---\ntitle: a\none_page_per: rosw\n---\n" + ROWS}, "[id].md:3", "no query",
        "'rows'"),
    "parameter page without one_page_per": (
        {**page(""), "pages/a/[id].md": "---\ntitle: a\n---\n"}, "[id].md:2", "does not say which", "one_page_per"),
    "one_page_per without parameter": (
        {"pages/index.md": "---\ntitle: a\none_page_per: rows\n---\n" + ROWS}, "index.md:3", "no [parameter]",
        "[id].md"),
    "two pages at one address": (
        {**page(""), "pages/a.md": HEAD, "pages/a/index.md": HEAD}, "a", "the same address", "rename"),
    "own component of a shipped name": (
        {**page(""), "components/table.html": OWN}, "table.html:2", "a component 'table' already", "rename"),
    "own component of an unknown type": (
        {**page(""), "components/mine.html": OWN.replace("number", "nubmer")}, "mine.html:3", "'nubmer'", "'number'"),
    "own component of an unknown key": (
        {**page(""), "components/mine.html": OWN.replace("about", "abuot")}, "mine.html:2", "'abuot'", "'about'"),
    "own component used wrongly": (
        {**page("{% mine size='big' /%}"), "components/mine.html": OWN}, "index.md:7", "'size' is 'big'", "a number"),
    "comparison misspelt": (
        page('{% big_value data="rows" value="id" comparison={ compare_vs="prior yeer" } /%}'), "index.md:7",
        "'prior yeer'", "'prior year'"),
    "date range unknown to anybody": (
        page('{% table data="rows" date_range={ range="lst 28 days" } /%}'), "index.md:7", "'lst 28 days'",
        "'last 28 days'"),
    "= for ==": (page("{% if rows = 1 %}x{% endif %}"), "index.md:7", "does not compare", "=="),
    "own component broken inside": (
        {**page(""), "components/mine.html": OWN + "\n{{ size | | }}"}, "mine.html:8", "", "fix"),
}  # fmt: skip

ADS = "```sql ads\nselect * from fct_ad_daily\n```\n"

SEEN_WITH_DATA = {
    "column unknown in SQL": (
        page("```sql a\nselect title,\n  statu\nfrom key_results\n```\n"), "index.md:9", '"statu"', '"status"'),
    "table unknown in SQL": (
        page("```sql a\nselect *\nfrom key_result\n```\n"), "index.md:9", "key_result", "key_results"),
    "SQL broken": (page("```sql a\nselect 1,\nfrom from key_results\n```\n"), "index.md:9", "syntax error", "fix"),
    "two statements": (page("```sql a\nselect 1; select 2\n```\n"), "index.md:8", "2 statements", "exactly one SELECT"),
    "no SELECT": (page("```sql a\ndrop table key_results\n```\n"), "index.md:8", "DROP", "only SELECT"),
    "parameter column unknown": (
        {**page(""), "pages/a/[id].md": "---\ntitle: a\none_page_per: rows\n---\n" + ROWS
         + "```sql b\nselect ${params.nmae}\n```\n"}, "[id].md:9", "'params.nmae'", "'params.name'"),
}  # fmt: skip

SEEN_BY_BUILD = {
    "column unknown in a tag": (page('\n{% value data="rows" value="nmae" /%}'), "index.md:8", "nmae", "name"),
    "column unknown in a chart": (
        page('{% line_chart data="rows" x="idd" y="amount" /%}'), "index.md:7", "no column 'idd'", "'id'"),
    "column unknown in an expression": (page("\n\n{{ rows[0].nmae }}"), "index.md:9", "no column 'nmae'", "'name'"),
    "name unknown": (page("{{ rosw[0].id }}"), "index.md:7", "nothing called 'rosw'", "'rows'"),
    "row unknown": (page("{{ rows[3].id }}"), "index.md:7", "has 1 rows, none with number 3", "length"),
    "text drawn": (page('{% bar_chart data="rows" x="id" y="name" /%}'), "index.md:7", "not a number", "numbers"),
    "page unknown": (page('{% link_button url="sorces" label="x" /%}'), "index.md:7", "no page 'sorces'", "pages"),
    "parameter column missing": (
        {**page(""), "pages/a/[idd].md": "---\ntitle: a\none_page_per: rows\n---\n" + ROWS}, "[idd].md:3",
        "no column 'idd'", "'id'"),
    "title of a parameter unknown": (
        {**page(""), "pages/a/[id].md": '---\ntitle: "{{ params.nmae }}"\none_page_per: rows\n---\n' + ROWS},
        "[id].md:2",
        "'nmae'", "one_page_per"),
    "SQL of a tag misspelt": (
        page(ADS + '{% line_chart\n  data="ads"\n  x="date"\n  y="sum(leeds)"\n/%}'), "index.md:13", "leeds",
        'did you mean "leads"'),
    "SQL of a child misspelt": (
        page(ADS + '{% table data="ads" %}\n{% measure value="sum(spnd)" /%}\n{% /table %}'), "index.md:11", "spnd",
        'did you mean "spend"'),
    "many rows a day": (
        page(ADS + '{% line_chart data="ads" x="date" y="spend" /%}'), "index.md:10", "several rows for date=", "sum("),
    "grain without an aggregate": (
        page(ADS + '{% line_chart data="ads" x="date" y="spend" date_grain="month" /%}'), "index.md:10",
        "'spend' does not say how", '"sum(spend)"'),
    "many rows a cell": (
        page(ADS + '{% heatmap data="ads" x="date" y="channel" value="spend" /%}'), "index.md:10", "several rows",
        "sum("),
    "comparison without days": (
        page('{% big_value data="rows" value="sum(id)" comparison={ compare_vs="prior year" } /%}'), "index.md:7",
        "which days", "date_range="),
    "comparison without its target": (
        page('{% big_value data="rows" value="id" comparison={ compare_vs="target" } /%}'), "index.md:7",
        "does not say which", "target=120"),
    "comparison in a table without its target": (
        page(compared("sum(amount)", '')), "index.md:7", "does not say which", "target=120"),
    "target of a table that is a column": (
        page(compared("sum(amount)", 'target="id"')), "index.md:7", "'id' is compared", '"sum(id)"'),
    "target of a table that is misspelt": (
        page(compared("sum(amount)", 'target="sum(idd)"')), "index.md:7", "idd", "did you mean"),
    "target that is a list": (
        page(compared("sum(amount)", "target=[1, 2]")), "index.md:7", "[1, 2] is no number", "target=120"),
    "comparison in a table of single rows": (
        page(compared("amount", "target=2")), "index.md:7", "'amount' is compared", '"sum(amount)"'),
    "KPI misspelt": (page('{% big_value metric="linkedin_lead" /%}'), "index.md:7", "no KPI", "'linkedin_leads'"),
    "key result misspelt": (
        page('{% kr_chart key_result="linkedin_leads_upp" /%}'), "index.md:7", "no key result", "'linkedin_leads_up'"),
    "SQL without quotes": (page('{% value data="rows" value=sum(id) /%}'), "index.md:7", "'sum'", "in quotes"),
    "column of a query": (page("{{ rows.id }}"), "index.md:7", "'rows' is a query", "rows[0].id"),
    "filter as a function": (page("{{ fmt(1) }}"), "index.md:7", "'fmt'", "| fmt"),
    "format of another kind": (page("{{ rows[0].amount | fmt('mmm-yy') }}"), "index.md:7", "formats dates", "num0"),
    "endless text": (page("{{ 'x' * 1000000000 }}"), "index.md:7", "longer than", "may not"),
    "endless padding": (page("{{ 'x'.ljust(1000000000) }}"), "index.md:7", "longer than", "may not"),
    "endless width": (page("{{ '%1000000000d' % 1 }}"), "index.md:7", "above 9999", "may not"),
    "page too slow": (
        page("\n{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"), "index.md:8",
        "to render and was stopped", "fewer rows"),
    "private attribute": (page("{{ t.__globals__ }}"), "index.md:7", "", ""),
    "query too slow": (
        page("```sql slow\nselect sum(a.range * b.range) as n from range(10000000) a, range(10000000) b\n```\n"
             "{{ slow[0].n }}"), "index.md:8", "was stopped", "fewer rows"),
    "two mistakes on two pages": (
        {**page("{{ nothing }}"), "pages/b.md": HEAD + "{{ neither }}"}, "b.md:4", "neither", ""),
    "link to nowhere": (page("\n[there](nowhere/index.html)"), "index.md:8", "no page 'nowhere'", "pages"),
    "link beyond the site": (page("[there](../../indx/)"), "index.md:7", "no page", "pages"),
    "link to no file": (page("\n[there](terms.pdf)"), "index.md:8", "no file 'terms.pdf'", "name a page"),
    "link without its scheme": (page("[there](www.example.com)"), "index.md:7", "no file", "https://www.example.com"),
    "link to no place of a page": (
        page("[there](#nowhere)"), "index.md:7", "the link '#nowhere' of index.html leads nowhere", "a heading",
    ),
    "image unknown": (page("\n![Logo](nothing/there.png)"), "index.md:8", "no image", "reports/theme/images/"),
    "image from elsewhere": (
        page("![Logo](https://example.com/a/b.png?c)"), "index.md:7", "no image from elsewhere", "![...](b.png)"),
    "aggregate where its group belongs": (
        page(ADS + '{% bar_chart data="ads" x="sum(spend)" y="channel" /%}'), "index.md:10",
        "'sum(spend)' is worked out", "swap it with 'channel'"),
    "column beside an aggregate": (
        page(ADS + '{% line_chart data="ads" x="date" y=["sum(spend)", "leads"] /%}'), "index.md:10",
        "'leads' beside it does not say how", 'max(leads)'),
    "text added up": (
        page(ADS + '{% bar_chart data="ads" x="date" y="sum(channel)" /%}'), "index.md:10", "sum(VARCHAR)",
        "not added up"),
    "link to no page": (page("\n[there](/indx)"), "index.md:8", "no page 'indx'", "pages"),
}  # fmt: skip


def told(findings: list[str], place: str, what: str, todo: str) -> bool:
    return any(place in one and what in one and todo in one for one in findings)


@pytest.mark.parametrize("name", SEEN_BY_CHECK)
def test_seen_without_any_data(reports, name):
    files, place, what, todo = SEEN_BY_CHECK[name]
    findings = [str(finding) for finding in check_pages(reports(files), None)]
    assert told(findings, place, what, todo), findings


@pytest.mark.parametrize("name", SEEN_WITH_DATA)
def test_seen_with_a_snapshot(reports, snapshot, name):
    files, place, what, todo = SEEN_WITH_DATA[name]
    findings = [str(finding) for finding in check_pages(reports(files), snapshot)]
    assert told(findings, place, what, todo), findings


@pytest.mark.parametrize("name", SEEN_BY_BUILD)
def test_seen_when_building_and_nothing_is_written(reports, snapshot, tmp_path, name):
    from okr_reports.errors import OkrError
    from okr_reports.report_site.limits import Limits

    files, place, what, todo = SEEN_BY_BUILD[name]
    out = tmp_path / "out"
    with pytest.raises(OkrError) as caught:
        build_site(snapshot, reports(files), out, limits=Limits(seconds=1, page_seconds=2))
    assert told(str(caught.value).split("\n"), place, what, todo), str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize("name", ["pages/index.md", "queries/leads.sql", "theme.yaml"])
def test_a_file_of_an_older_encoding_is_a_finding(reports, name):
    folder = reports({})
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("\n\nAños".encode("latin-1"))
    (found,) = check_pages(folder, None)
    assert (found.path.endswith(name), found.line, found.what) == (True, 3, "the file is not UTF-8")
    # Dagster reads the folder to draw its graph: one such file must not hide all assets.
    assert set(marts_of_pages(folder)) == {"index"}


def test_a_file_that_cannot_be_read_is_a_finding(reports):
    folder = reports({"pages/index.md": HEAD})
    (folder / "pages" / "more.md").mkdir()
    (found,) = check_pages(folder, None)
    assert (found.path.endswith("pages/more.md"), found.what) == (True, "the file cannot be read: Is a directory")
    assert set(marts_of_pages(folder)) == {"index", "more"}


def test_a_division_by_zero_shows_no_value(build):
    assert "inf" not in build({"pages/index.md": HEAD + "```sql q\nselect 1 / 0 as a\n```\nIt is {{ q[0].a }}."})(
        "index.html"
    )


def test_there_are_more_than_forty():
    assert len(SEEN_BY_CHECK) + len(SEEN_WITH_DATA) + len(SEEN_BY_BUILD) >= 40


def test_all_mistakes_are_told_at_once(reports, snapshot, tmp_path):
    files = page("{% valeu /%}\n") | {"pages/b.md": HEAD + "{% tabel /%}", "pages/c.md": "no title"}
    with pytest.raises(PagesError) as caught:
        build_site(snapshot, reports(files), tmp_path / "out")
    assert len({finding.path for finding in caught.value.findings}) >= 1
    assert len({finding.path for finding in check_pages(reports(files), None)}) == 3


def test_the_repository_has_no_mistakes(snapshot):
    from tests.report_site.conftest import REPORTS

    assert check_pages(REPORTS, snapshot) == []
