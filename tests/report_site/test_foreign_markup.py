"""Markup of other dialects: nothing of it is published as it is written without a word, all of it is said at once."""

from __future__ import annotations

import pytest

from okr_reports.errors import PagesError
from okr_reports.report_site.check import check_pages

HEAD = "---\ntitle: Home\n---\n\n```sql one\nselect 1 as x\n```\n"
ERRORS = {
    "<LineChart data={one} x=x/>": "<LineChart> is Evidence's old form; write {% line_chart ... /%}",
    "<BigValue data={one}\n  value=x />": "<BigValue> is Evidence's old form; write {% big_value ... /%}",
    "<Foo bar=1/>": "<Foo> looks like a component, and none has that name",
    "<Dropdown name=a data={one} value=x/>": "<Dropdown> is Evidence's old form; write {% dropdown ... /%}",
    "<TextInput name=a/>": "<TextInput> is Evidence's old form; pages are static",
    '<bar_chart data="one" x="x" />': "<bar_chart> is Evidence's old form; write {% bar_chart ... /%}",
    "{one[0].x}": "{one[0].x} would be shown as it is written; write {{ one[0].x }}",
    "{one.length}": "{one.length} would be shown as it is written; write {{ one.length }}",
    "{fmt(x, 'usd')}": "{fmt(x, 'usd')} would be shown as it is written",
    "{inputs.region.value}": "{inputs.region.value} would be shown as it is written",
    "${inputs.region}": "${inputs.region} would be shown as it is written; a value is written {{ inputs.region }}",
    "{ one[0].x }": "{ one[0].x } would be shown as it is written; write {{ one[0].x }}",
    "{$page.route}": "{$page.route} would be shown as it is written; write {{ $page.route }}",
    "~~~sql other\nselect 1\n~~~": "~~~sql other would be shown as it is written; a query's fence begins its line",
    "  ```sql other\n  select 1\n  ```": "```sql other would be shown as it is written; a query's fence",
    'import Chart from "chart"': 'import Chart from "chart" would be shown as it is written; pages load no code',
    "{/if}": "{/if} would be shown as it is written; write {% endif %}",
    "{:else}": "{:else} would be shown as it is written; write {% else %}",
    '{@partial "intro.md"}': '{@partial "intro.md"} would be shown as it is written; write {% partial',
    "```orders\nselect * from key_results\n```": "a fence looks like a query and has no `sql`; write ```sql orders",
    "```\n  with a as (select 1) select * from a\n```": "a fence looks like a query and has no `sql`",
}
WARNINGS = {
    '<div class="x">a</div>': "<div> is shown as it is written",
    "<script>alert(1)</script>": "<script> is shown as it is written; pages hold no HTML of their own",
    "<style>p {}</style>": "<style> is shown as it is written",
    "a<br>b": "<br> is shown as it is written",
    "<img src='x.png' />": "<img> is shown as it is written",
}
MEANT = [
    "Write `<BigValue data={one}/>`, `{one[0].x}` or `{#if}`.",
    "```text\nselect <LineChart/> {one[0].x}\n```",
    "The page of <objective> and a < b > c, 1 <2.",
    '{name} and {not.a.query}, 5 {$}, it was an import from "there". ${{ one[0].x }}',
    "See <https://example.com> and <ana@example.com>.",
    "{{ one[0].x }} and {% if one[0].x > 0 %}more{% endif %} {# a remark about <Foo/> #}",
    "<!-- <Foo/> {one[0].x} -->",
]


@pytest.fixture
def findings(tmp_path, snapshot):
    """What `okr check` says against one page."""

    def check(body: str, head: str = HEAD) -> list[str]:
        (tmp_path / "pages").mkdir(exist_ok=True)
        (tmp_path / "pages" / "index.md").write_text(head + body + "\n", encoding="utf-8")
        return [str(finding) for finding in check_pages(tmp_path, snapshot)]

    return check


def test_all_of_it_is_said_in_one_run_each_at_its_line(findings):
    found = findings("\n\n".join(ERRORS))
    line = HEAD.count("\n") + 1
    for written, said in ERRORS.items():
        assert any(f"index.md:{line}: error: {said}" in finding for finding in found), (line, said, found)
        line += written.count("\n") + 2


def test_html_is_a_warning(findings):
    found = findings("\n\n".join(WARNINGS))
    assert len(found) == len(WARNINGS)
    for said in WARNINGS.values():
        assert any(f": warning: {said}" in finding for finding in found), (said, found)


def test_what_is_meant_as_it_is_written_is_no_mistake(findings):
    assert findings("\n\n".join(MEANT)) == []


def test_front_matter_and_fences_are_said_with_the_rest(findings):
    head = "---\ntitle: Home\nsidebar: perhaps\nbogus: 1\nused: 2\n---\n"
    body = "{{ $used }}\n```sql\nselect 1\n```\n```sql one\nselect 1\n```\n```sql one\nselect nothing\n```\n<Foo/>\n"
    body += "```sql bad\nselect nowhere from key_results\n```\n{% big_valeu /%}\n"
    found = "\n".join(findings(body, head))
    for said in (
        "index.md:3: error: sidebar is 'perhaps'",
        "index.md:4: warning: bogus is no key of a page, and nothing in the page uses it",
        "index.md:8: error: a SQL fence has no name",
        "index.md:14: error: there are two queries called 'one'",
        "index.md:17: error: <Foo> looks like a component",
        "index.md:19: error: ",
        "index.md:21: error: ",
    ):
        assert said in found, (said, found)
    assert "used is no key" not in found


def test_a_page_that_says_nothing_else_is_not_published_as_raw_text(build):
    with pytest.raises(PagesError, match="<Foo> looks like a component"):
        build({"pages/index.md": HEAD + "<Foo/>\n"})
