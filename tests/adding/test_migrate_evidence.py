"""`okr migrate-evidence`: a project of either kind becomes a workspace that passes its check; the rest is listed."""
# ruff: noqa: E501

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import pytest

from okr_reports.adding.evidence import migrate
from okr_reports.adding.evidence.expressions import expression, literal
from okr_reports.adding.evidence.markup import pieces
from okr_reports.adding.evidence.queries import columns_of, pages_of, rewritten
from okr_reports.errors import OkrError
from tests.support import OKR

INDEX = """# Shop

```sql orders
select month, region, sales, orders from shop.sales where region like '${inputs.region.value}'
and sales > ${inputs.least.value}
```
```Big-Ones
select *, '${inputs.region.label}' as picked from ${orders} where sales > 100
```
<Dropdown name=region data={regions} value=region title="Region">
  <DropdownOption value="%" valueLabel="All regions"/>
</Dropdown>
<ButtonGroup name=least><ButtonGroupItem valueLabel="All" value="0" default/><ButtonGroupItem valueLabel="Large" value="100"/></ButtonGroup>

{#if orders.length > 0}
There are {orders.length} rows, the first of <Value data={orders} column=sales fmt='$#,##0'/>; {fmt(orders[0].sales, 'num1')}.
{:else}
None in {inputs.region.label}.
{/if}

{#each orders as row, i}
- {i}: [{row.region}](/regions/{row.region}) {row.sales > 100 ? 'large' : 'small'}
{/each}

<BigValue
  data={orders} value=sales title='Sales'
  fmt=usd comparison=orders comparisonTitle="orders" downIsGood=true
/>

<Grid cols=2>
<BarChart data={orders} x=month y={['sales', "orders"]} type=stacked100 swapXY=true yAxisTitle="Sum" colorPalette={['#aaa', '#bbb']}/>
<LineChart data={orders} y=sales yMin=0 y2=orders>
  <ReferenceLine y=50 label='Goal' color=positive/>
</LineChart>
</Grid>

<DataTable data={big_ones} rows=5 search=true totalRow=true>
  <Column id=region colGroup="Where"/>
  <Column id=sales fmt="#,##0" totalAgg=sum contentType=colorscale/>
</DataTable>

<Tabs><Tab label="One">First.</Tab><Tab label="Two"><Details title='More'>Inside.</Details></Tab></Tabs>

<p>Some <b>bold</b> and <a href="https://example.com/x">a link</a><br>next <span class="x">words</span></p>

<style>p { color: red }</style>
<USMap data={orders} state=region value=sales/>
<Mine thing={orders}/>
{@html orders[0].html}
[Nowhere](/nowhere) and ![logo](/logo.png)
"""
REGION = """---
title: One region
queries:
  - known: all/regions.sql
hide_title: true
---

```sql one
select month, sales from shop.sales where region = '${params.region}' and month > '2026'
```
<LineChart data={one} x=month y=sales/> of <Value data={known} column=region/> {params.region}
"""
CORE = """---
name: Core
type: page
---

```sql top
select region, sum(sales) as sales from shop.sales group by 1
```
{% bar_chart data="$top" x="region" y="sum(sales)" /%}
"""
PROJECT = {
    "pages/index.md": INDEX,
    "pages/regions/[region].md": REGION,
    "pages/1. Core Page.md": CORE,
    "queries/all/regions.sql": "select distinct region from shop.sales",
    "queries/regions.sql": "select distinct region from shop.sales order by 1",
    "sources/shop/connection.yaml": "name: shop\ntype: csv\noptions: {}\n",
    "sources/shop/sales.csv": "month,region,sales,orders\n2026-01,North,120,3\n2026-02,South,80,2\n",
    "components/Mine.svelte": "<script>export let thing</script>",
    "static/logo.png": "",
    "evidence.config.yaml": "theme:\n  colors:\n    primary: {light: '#0b5fff', dark: '#8ab4ff'}\n    base: {light: '#fff'}\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The project migrated by the command, with what it said."""
    folder = tmp_path_factory.mktemp("evidence")
    source = write(folder / "shop", PROJECT)
    said = subprocess.run([OKR, "migrate-evidence", source, "--json"], cwd=folder, capture_output=True, text=True)
    return said, folder / "shop-okr"


def test_every_page_passes_the_check_that_the_command_ends_with(made):
    said, _ = made
    answer = json.loads(said.stdout)
    assert [one for one in answer["findings"] if one["severity"] == "error"] == []
    assert said.returncode == 0
    assert answer["pages"] == ["1-core-page", "index", "regions/[region]"]
    assert answer["tables"] == ["sales"]


def test_what_is_left_has_its_line_and_why(made):
    left = json.loads(made[0].stdout)["left"]
    for place, words in {
        "pages/index.md:32": "y2 of <LineChart>: two scales in one drawing", "pages/index.md:46": "<style>",
        "pages/index.md:47": "<USMap>: has no like here; its rows are a table", "pages/index.md:48": "<Mine>",
        "pages/index.md:49": "{@html orders[0].html}", "components/Mine.svelte:1": "the component 'Mine'",
        "pages/index.md:25": "comparison of <BigValue>", "evidence.config.yaml:1": "the colour 'base'",
        "pages/regions/[region].md:1": "[region]: a page is made for each",
    }.items():  # fmt: skip
        assert any(one.startswith(f"{place}: ") and words in one for one in left), (place, words, left)
    assert any("[Nowhere](/nowhere): leads to no page" in one for one in left)


def test_the_page_says_the_same_in_tags(made):
    page = (made[1] / "reports/pages/index.md").read_text(encoding="utf-8")
    for written in (
        "title: Shop",
        "select month, region, sales, orders from sales where region::varchar like ${inputs.region.value}::varchar",
        "and sales > ${inputs.least.literal}",
        "```sql big_ones",
        '{% button_group id="least" initial_value="0" %}{% option label="All" value="0" /%}',
        '{% dropdown id="region" data="regions" value_column="region" title="Region" select_first=true %}',
        '{% option value="%" label="All regions" /%}',
        "{% if (orders | length) > 0 %}",
        '{{ (orders[0].sales) | fmt("num1") }}',
        '{% value data="orders" value="sales" fmt="$#,##0" /%}',
        "{% for row in orders %}{% set i = loop.index0 %}",
        "[{{ row.region }}](/regions/{{ row.region }})",
        '{% horizontal_bar_chart data="orders" x=["sales", "orders"] y="month" stacked="100%" /%}',
        '{% line_chart data="orders" y="sales" y_axis_options={ min=0 } x="month" %}',
        '{% reference_line y=50 label="Goal" /%}',
        '{% table data="big_ones" page_size=5 search=true show_total_row=true %}',
        '{% column value="sales" fmt="#,##0" viz="color" total="sum" /%}',
        '{% tab title="One" %}First.{% /tab %}',
        "Some **bold** and [a link](https://example.com/x)",
        '{% table data="orders" /%}',
        "Nowhere and ![logo](logo.png)",
    ):
        assert written in page, written
    assert "<" not in page
    assert "pages_of_region" in (made[1] / "reports/pages/regions/[region].md").read_text(encoding="utf-8")
    assert "from sales group by 1" in (made[1] / "reports/pages/1-core-page.md").read_text(encoding="utf-8")
    assert "brand" in (made[1] / "reports/theme.yaml").read_text(encoding="utf-8")


def test_a_duckdb_source_is_asked_once_and_may_read_its_project_alone(tmp_path):
    secret = write(tmp_path, {"secret.csv": "a\n1\n"})
    with duckdb.connect(str(tmp_path / "data.duckdb")) as connection:
        connection.execute("create table things as select 1 as id, [1, 2] as many, {'a': 1} as one")
    source = write(
        tmp_path / "p",
        {"pages/index.md": "# a\n", "sources/d/connection.yaml": "type: duckdb\noptions: {filename: data.duckdb}\n",
         "sources/d/things.sql": "select * from data.things;", "sources/d/leak.sql": f"select * from '{secret}/secret.csv'",
         "sources/d/two.sql": "select 1; drop table things", "sources/w/connection.yaml": "type: snowflake\n",
         "sources/w/far.sql": "select 1 as x"},
    )  # fmt: skip
    (tmp_path / "data.duckdb").rename(source / "sources/d/data.duckdb")
    (tmp_path / "out/okr_definitions").mkdir(parents=True)
    done = migrate(source, tmp_path / "out")
    assert duckdb.connect().sql(
        f"select * from '{tmp_path}/out/okr_definitions/tables/d_things.parquet'"
    ).fetchall() == [(1, "[1, 2]", "{'a': 1}")]
    said = [f"{path.name}: {what}: {why}" for path, _, what, why in done.left]
    assert any("leak.sql" in one and "cannot be asked here" in one for one in said)
    assert any("two.sql" in one and "cannot be asked here" in one for one in said)
    assert any("snowflake" in one and "[sources.sql.w.credentials]" in one for one in said)
    assert "connection: w" in (tmp_path / "out/okr_definitions/tables.yml").read_text()


def test_what_is_no_project_is_refused(tmp_path):
    with pytest.raises(OkrError, match="there is no folder pages/"):
        migrate(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("js", "jinja"),
    [
        ("q[0].a", "q[0].a"),
        ("q?.[0]?.a", "q[0].a"),
        ("q.length === 0 || q[0].a !== 'x'", '(q | length) == 0  or  q[0].a !=  "x"'),
        ("!q[0].a && true", "not q[0].a  and  true"),
        ("fmt(q[0].a, 'usd')", '(q[0].a) | fmt("usd")'),
        ("q[0].a.toFixed(2)", '(q[0].a) | fmt("num2")'),
        ("`A ${q[0].a} b`", '"A " ~ (q[0].a) ~ " b"'),
        ("q[0].a > 1 ? 'up' : 'down'", '(("up") if (q[0].a > 1) else ("down"))'),
        ("q.filter(d => d.a)", None),
        ("unknown[0].a", None),
        ("window.location", None),
        ("q[0].a++", None),
        ("q.reduce((a, b) => a + b, 0)", None),
        ("alert(1)", None),
    ],
)
def test_expressions(js, jinja):
    found = expression(js, {"q"})
    assert found == jinja if jinja is None else " ".join(found.split()) == " ".join(jinja.split())


def test_attributes_and_markup_are_read_as_they_are_written():
    body = "a <B x={1} y='two' z=\"{three}\" w={['a', 'b']} on\n v={q.map(d => `${d.x}>`)}/> `<C/>` {x} $5 {#if a}b{/if} <d>e</d>"
    found = list(pieces(body))
    assert "".join(one.text for one in found) == body
    tag = next(one for one in found if one.name == "B")
    assert (tag.is_closed, tag.attributes["v"], tag.attributes["on"]) == (True, "{q.map(d => `${d.x}>`)}", "{true}")
    assert [literal(tag.attributes[name]) for name in ("x", "y", "w", "v")] == [1, "two", ["a", "b"], None]
    assert [one.kind for one in found if one.kind != "text"] == [
        "tag",
        "plain",
        "brace",
        "brace",
        "brace",
        "tag",
        "end",
    ]


def test_sql_is_rewritten_and_values_stay_bound():
    sql = rewritten('select "a" from my_src.t1 join "my_src"."t2" where a = \'${params.x}\' and b like \'%${params.x}%\'',
                    {"my_src.t1": "t1", "my_src.t2": "other"}, {}, ())  # fmt: skip
    assert sql == "select \"a\" from t1 join other where a = ${params.x} and b like concat('%', ${params.x}, '%')"
    assert columns_of("select a, sum(b) as c, d.e from ${x} group by 1") == ["a", "c", "e"]
    assert columns_of("select * from x") == []
    sql = "a in ${inputs.x.value} and d > date '${inputs.r.start}' and b in (${inputs.y})"
    assert rewritten(sql, {}, {}, ()) == (
        "(${inputs.x.value} is null or a in (${inputs.x.value})) and d > ${inputs.r.start}::date and b in (${inputs.y})"
    )
    assert pages_of("select 1 from t where Who = ${params.who}", "who") == (
        "select min(Who) as who from t where Who is not null\ngroup by Who order by 1 limit 200"
    )
    assert pages_of("select 1 from t where t.name = ${params.who}", "who") == (
        "select distinct name as who from t where name is not null\norder by 1 limit 200"
    )
