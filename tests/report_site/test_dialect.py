"""The tags as Evidence writes them, data apart from templates and Markdown."""

from __future__ import annotations

import pytest

from okr_reports.common.folder_names import segment
from tests.report_site.snapshot import write_snapshot

HEAD = "---\ntitle: Home\n---\n"
SHOW = """---
about: Shows what it was given.
body: markdown
attributes:
  text: {type: text}
  number: {type: number}
  flag: {type: boolean}
  list: {type: list}
  object: {type: object}
  any: {type: any}
---
<pre>{{ text }}|{{ number }}|{{ flag }}|{{ list }}|{{ object }}|{{ any }}|{{ body }}</pre>
"""


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ('{% show text="a" number=1.5 flag=true /%}', "a|1.5|True|"),
        ('{% show text="a", number=-2, flag=false /%}', "a|-2|False|"),
        ('{%show text="a b"/%}', "a b|"),
        ('{% show\n  text="a"\n\n  number=3\n/%}', "a|3|"),
        ('{% show list=["a", "b"] /%}', "[&#39;a&#39;, &#39;b&#39;]"),
        (
            '{% show object={ compare_vs="prior year" down_is_good=true } /%}',
            "{&#39;compare_vs&#39;: &#39;prior year&#39;, &#39;down_is_good&#39;: True}",
        ),
        ('{% show object={"a": 1, "b": [2, 3]} /%}', "{&#39;a&#39;: 1, &#39;b&#39;: [2, 3]}"),
        ('{% show any=rows[0].name ~ "!" /%}', "Ann!"),
        ("{% show any=(6 / 2) /%}", "3.0"),
        ('{% show text="a" %}**bold** {{ rows[0].name }}{% /show %}', "<strong>bold</strong> Ann"),
        ('{% show %}{% show text="in" %}x{% /show %}{% /show %}', "<pre>in|"),
        ('{%- show text="a" /%}', "a|"),
    ],
)
def test_attribute_forms(build, tag, shown):
    rows = "```sql rows\nselect 'Ann' as name\n```\n"
    read = build({"pages/index.md": HEAD + rows + tag, "components/show.html": SHOW})
    assert shown in read("index.html")


def test_evidence_documentation_parses(build):
    """The examples of Evidence's own pages on big_value and line_chart, as written there."""
    orders = "```sql daily_orders\nselect date, spend as total_sales, account_name as category from fct_ad_daily\n```\n"
    written = """
{% big_value
  data="daily_orders"
  value="sum(total_sales)"
  fmt="usd1m"
	date_range={
		date="date"
		range="last 12 months"
	}
	comparison={
		compare_vs="prior year"
	}
	sparkline={
		type="line"
		x="date"
	}
/%}

{% line_chart
    data="daily_orders"
    x="date"
    y="sum(total_sales)"
    series="category"
    date_grain="month"
/%}

{% table
    data="daily_orders"
%}
    {% dimension
        value="category"
    /%}
    {% measure
        value="sum(total_sales) / count(*) as avg_sale"
        fmt="usd2"
    /%}
{% /table %}
"""
    main = build({"pages/index.md": HEAD + orders + written})("index.html")
    assert "US$" in main
    assert 'class="line s2"' in main
    assert "Avg sale" in main


def test_an_aggregate_divides_after_summing(build):
    rows = "```sql rows\nselect * from (values ('a', 10, 1), ('a', 30, 9)) t(k, spend, leads)\n```\n"
    tag = '{% dimension value="k" /%}{% measure value="sum(spend) / sum(leads) as c" fmt="num2" /%}'
    page = HEAD + rows + '{% table data="rows" %}' + tag + "{% /table %}"
    assert ">4,00<" in build({"pages/index.md": page})("index.html")


def test_values_never_meet_the_markdown_parser(build):
    name = "**bold** [x](https://evil.example) ![y](https://evil.example/z.png) `c` # h xSLOT0x"
    rows = f"```sql rows\nselect '{name}' as name\n```\n"
    places = ("# {}", "Said {}.", "- {}", "| a |\n|---|\n| {} |")
    body = "\n\n".join(place.format("{{ rows[0].name }}") for place in places)
    main = build({"pages/index.md": HEAD + rows + body})("index.html")
    assert main.count(name) == 4
    assert "<strong>" not in main
    assert "<img" not in main
    assert 'href="https://evil.example' not in main


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "vbscript:x"])
def test_a_link_to_a_value_keeps_only_safe_targets(build, url):
    rows = f"```sql rows\nselect '{url}' as url\n```\n"
    main = build({"pages/index.md": HEAD + rows + "[x]({{ rows[0].url }})"})("index.html")
    assert '<a href="#">x</a>' in main


def test_headings_are_anchored_by_what_they_say(build):
    rows = "```sql rows\nselect 'Más leads' as name, 'xslot0x' as forged\n```\n"
    body = "# {{ rows[0].name }} now\n\n## {{ rows[0].name }} now\n\n[x](https://a.example/{{ rows[0].forged }})"
    main = build({"pages/index.md": HEAD + rows + body})("index.html")
    assert '<h1 id="más-leads-now">' in main
    assert '<h2 id="más-leads-now-2">' in main
    assert 'href="https://a.example/xslot0x"' in main


def test_html_of_a_page_stays_text(build):
    main = build({"pages/index.md": HEAD + "<script>alert(1)</script>\n\nA <b>bold</b> move."})("index.html")
    assert "<script" not in main
    assert "&lt;b&gt;bold" in main


@pytest.mark.parametrize("expression", ["rows[0].name | safe", "rows[0].name | urlize", "rows[0].name | e"])
def test_filters_that_make_html_of_values_are_not_there(reports, expression):
    from okr_reports.report_site.check import check_pages

    rows = "```sql rows\nselect '<b>' as name\n```\n"
    root = reports({"pages/index.md": HEAD + rows + "{{ " + expression + " }}"})
    assert any("there is no filter" in finding.what for finding in check_pages(root, None))


def test_conditions_loops_and_captured_text(build):
    body = """
```sql rows
select * from (values ('a', 1), ('b', 2)) t(name, n) order by n
```
{% set remark %}
All **{{ rows | length }}** rows.
{% endset %}

{% for row in rows %}
- {{ row.name }}{% if row.n > 1 %} *big*{% endif %}

{% endfor %}

{{ remark }}
"""
    main = build({"pages/index.md": HEAD + body})("index.html")
    assert "<strong>2</strong> rows" in main
    assert "<em>big</em>" in main
    assert main.count("<li>") == 2


def test_one_page_for_each_row_with_bound_parameters(build):
    page = """---
title: "{{ params.name }}"
one_page_per: people
---
```sql people
select * from (values ('o''brien', 1), ('../../x', 2), ('a"; drop table t; --', 3)) t(name, n)
```
```sql same
select name as found, n from ${people} where name = ${params.name}
```
# {{ params.name }}

Found {{ same[0].n }} of {{ same | length }}.
"""
    name = "o'brien"
    read = build({"pages/people/[name].md": page})
    assert "Found 1 of 1." in read(f"people/{segment(name)}/index.html")
    index = "```sql p\nselect '../../x' as name\n```\n" + '{{ linked("go", "people", p[0].name) }}'
    assert 'href="people/x-' in build({"pages/people/[name].md": page, "pages/index.md": HEAD + index})("index.html")


def test_own_components_and_partials(build):
    own = """---
about: A greeting.
attributes:
  name: {type: text, required: true}
---
```sql found
select ${attributes.name} || '!' as loud
```
<b>{{ found[0].loud }}</b>
"""
    read = build(
        {
            "pages/index.md": HEAD + '{% partial file="hello" /%}',
            "partials/hello.md": '*Hello* {% greet name="<Ann>" /%}',
            "components/greet.html": own,
        }
    )
    assert "<em>Hello</em>" in read("index.html")
    assert "<b>&lt;Ann&gt;!</b>" in read("index.html")


def test_texts_are_looked_up_in_the_reports_language(build, tmp_path):
    catalogue = 'msgid "Hello %(name)s"\nmsgstr "Hola, *%(name)s*"\n'
    files = {
        "pages/index.md": HEAD + '{{ t("Hello %(name)s", name="<Ann>") }} {{ t("On track") }}',
        "translations/es.po": catalogue,
    }
    assert "Hola, *&lt;Ann&gt;* Según lo previsto" in build(files)("index.html")
    english = write_snapshot(tmp_path / "english.duckdb", language="en", locale="en-GB")
    assert "Hello &lt;Ann&gt; On track" in build(files, over=english)("index.html")
