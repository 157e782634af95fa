"""What `okr migrate-evidence` does with pages of Core, and with what a project does not hold."""
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from okr_reports.adding.evidence import Migrated, migrate
from okr_reports.adding.evidence.clickhouse import in_duckdb
from okr_reports.adding.evidence.elsewhere import tables_of
from okr_reports.adding.evidence.inputs import Fixed, fixed_in_sql, steps
from okr_reports.adding.evidence.queries import rewritten

ROWS = "(values (date '2026-03-01', 'a', 1), (date '2026-03-04', 'b', 3), (date '2026-04-01', null, 5)) as t(d, s, n)"


@pytest.fixture
def migrated(tmp_path):
    """Migrates a project of these files; gives what was done and the text of a page of the workspace."""

    def make(files: dict[str, str]) -> tuple[Migrated, Path]:
        for name, text in files.items():
            (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "p" / name).write_text(text, encoding="utf-8")
        (tmp_path / "out" / "okr_definitions").mkdir(parents=True)
        return migrate(tmp_path / "p", tmp_path / "out"), tmp_path / "out"

    return make


def said(done: Migrated) -> list[str]:
    return [f"{path.name}:{line}: {what}: {why}" for path, line, what, why in done.left]


@pytest.mark.parametrize(
    ("clickhouse", "answer"),
    [
        ("sumIf(n, s = 'b')", 3), ("countIf(n > 1)", 2), ("toString(sum(n))", "9"), ("toFloat64(sum(n))", 9.0),
        ("uniqExact(s)", 2), ("uniq(s)", 2), ("any(1)", 1), ("multiIf(sum(n) > 10, 'x', sum(n) > 5, 'y', 'z')", "y"),
        ("toYear(max(d))", 2026), ("toYYYYMM(max(d))", 202604), ("formatDateTime(max(d), '%Y-%m')", "2026-04"),
        # 2026-03-04 is a Wednesday, and weeks begin on Sunday where nothing is said
        ("toString(toDate(toStartOfWeek(toDate('2026-03-04'))))", "2026-03-01"),
        ("toString(toDate(toStartOfWeek(toDate('2026-03-04'), 1)))", "2026-03-02"),
        ("toString(toDate(addMonths(min(d), 2)))", "2026-05-01"), ("quantile(0.5)(n)", 3), ("quantile(0.25)(n)", 2),
        ("arrayElement([5, 6], 2)", 6), ("cast(sum(n) as Nullable(Float64))", 9.0), ("replaceAll('aba', 'a', 'c')", "cbc"),
    ],
)  # fmt: skip
def test_functions_of_clickhouse_give_in_duckdb_what_they_give_there(clickhouse, answer):
    made, unknown = in_duckdb(f"select {clickhouse} as x from {ROWS} where n > toInt32(0)")
    assert unknown == []
    assert set(duckdb.connect().sql(made).fetchall()) == {(answer,)}


def test_what_is_no_sql_in_a_query_stays_where_it_is():
    sql = "select toDate(d) as d from {{ source }} as t where toDate(d) {{ days.between }} and a = '{{ x }}' [[ and toString(b) = {{ y }} ]]"
    made, _ = in_duckdb(sql)
    assert " ".join(made.split()) == (
        "SELECT CAST(d AS DATE) AS d FROM {{ source }} AS t WHERE CAST(d AS DATE) {{ days.between }} AND a = '{{ x }}' "
        "[[ and CAST(b AS TEXT) = {{ y }} ]]"
    )
    duckdbs = "select sum(x) filter (y) from ${q} -- as it is\nwhere a = ${inputs.b}"
    assert in_duckdb(duckdbs) == (duckdbs, [])
    assert in_duckdb("select anyHeavy(toString(a)) from t")[1] == ["anyheavy"]


def test_a_page_of_core_keeps_what_is_here_and_lists_the_rest(migrated):
    done, out = migrated(
        {"pages/home.md": """---
name: Home
---
{% text_input id="who" initial_value="Ana" /%}
```sql some
select toString(a) as a, sum(n) as n from main.things where b = '{{ who }}' and c like '%{{who}}%' group by 1
```
{% bar_chart
    data="some"
    x="a"
    y="sum(n)"
    sparkle={ a="x/%" }
    chart_options={ series_colors={ "One"="#fff" "Two"="#000" } }
/%}
{% sankey_chart data="elsewhere" title="Flows" source="a" /%}
{% modal title="More" %}
{% unheard_of %}Text.{% /unheard_of %}
{% /modal %}
{% date_grain_selector id="grain" default_value="week" /%}
{% slider id="least" min=0 max=100 step=10 initial_value=20 /%}
"""}
    )  # fmt: skip
    page = (out / "reports/pages/home.md").read_text(encoding="utf-8")
    for written in ("CAST(a AS TEXT) AS a", "FROM things", "b = 'Ana' AND c LIKE '%Ana%'", '"Two"="#000" } }\n/%}',
                    '{% table data="elsewhere" title="Flows" /%}', '{% details title="More" %}\nText.\n{% /details %}',
                    '{% date_grain_selector id="grain" initial_value="week" /%}',
                    '{% dropdown id="least" options=[0, 20, 40, 60, 80, 100] initial_value=20 /%}'):  # fmt: skip
        assert written in page, written
    assert "sparkle" not in page
    left = said(done)
    for words in ("home.md:4: {% text_input %}: has no like here; it is left out (its value is what it was first)",
                  "home.md:6: the table 'main.things': no source gives it; give its url under [sources.sql.main.credentials]",
                  "home.md:12: sparkle of {% bar_chart %}: 'bar_chart' has no attribute 'sparkle'; it is left out",
                  "home.md:15: {% sankey_chart %}: has no like here; its rows are a table",
                  "home.md:17: {% unheard_of %}: has no like here"):  # fmt: skip
        assert any(one.startswith(words) for one in left), (words, left)
    tables = yaml.safe_load((out / "okr_definitions/tables.yml").read_text())["tables"]
    assert [(one["id"], one["connection"], one["query"]) for one in tables] == [
        ("things", "main", "select * from main.things"),
        ("elsewhere", "warehouse", "select * from elsewhere"),
    ]


def test_pages_write_the_name_of_the_connection_not_of_its_folder(migrated):
    done, out = migrated(
        {"pages/index.md": "```sql one\nselect * from Shop.sales join far.away using (a)\n```\n<DataTable data={one}/>\n",
         "sources/files/connection.yaml": "name: shop\ntype: csv\n", "sources/files/sales.csv": "a\n1\n"}
    )  # fmt: skip
    assert "from sales join away using (a)" in (out / "reports/pages/index.md").read_text()
    assert done.tables == ["sales", "away"]


def test_pages_of_a_folder_shared_queries_and_inputs_that_are_not_here(migrated):
    done, out = migrated(
        {
            "pages/[Team]/index.md": "---\nqueries:\n  - of_team: team.sql\n---\n# Team\n<DataTable data={of_team}/>\n"
            "```sql all_teams\nselect * from s.t where Team = '${params.Team}' and note like '%${inputs.search}%' and k = '${of_team[0].key}'\n```\n"
            "<TextInput name=search/>\n<Slider name=least min=0 max=9 step=3/>\n<Dropdown name=año data={all_teams} value=y/>\n"
            "<Dropdown name=año data={all_teams} value=y><DropdownOption value=1/></Dropdown>\n"
            "<DataTable data={all_teams}><Column id=a align=ceneter fmt=varhcar/></DataTable>\nCosts ${all_teams[0].n}.\n",
            "queries/team.sql": "select key from s.t where Team = '${params.Team}'",
        }
    )
    page = (out / "reports/pages/[team].md").read_text()
    for written in ("```sql team\nselect key from t where Team = ${params.team}", "note like '%%'",
                    "k = (select key from ${team} limit 1)", '{% dropdown id="least" options=[0, 3, 6, 9] initial_value=0 /%}',
                    '{% dropdown id="ano"', '{% column value="a" /%}', "Costs ${{ all_teams[0].n }}."):  # fmt: skip
        assert written in page, written
    assert page.count("{% dropdown") == 2
    assert "{% option" not in page
    assert not (out / "reports/queries/team.sql").exists()
    left = said(done)
    for words in ("<TextInput>: what it chooses is '', as before anything is chosen", "<Slider>: its steps are values to choose from",
                  "the input 'ano' is there already", "align of <Column>: the attribute 'align' cannot be 'ceneter'",
                  "fmt of <Column>: there is no format 'varhcar'"):  # fmt: skip
        assert any(words in one for one in left), (words, left)


def test_parts_of_it():
    assert steps({"min": "0", "max": "1000", "step": "1"}, "500") == [
        "0",
        "143",
        "286",
        "429",
        "500",
        "572",
        "715",
        "858",
    ]
    assert steps({"min": "5", "max": "5"}) == ["5"]
    assert (
        fixed_in_sql("a = {{ t }} [[ and b = '{{ t }}' ]] and {{ t.filter }} and c", {"t": Fixed()})
        == "a = ''  and true and c"
    )
    assert fixed_in_sql("n > ${inputs.t} and x = ${inputs.u}", {"t": Fixed("5")}) == "n > 5 and x = ${inputs.u}"
    assert list(tables_of("with a as (select 1) select * from a join b.c on x join ${q} join D")) == ["b.c", "D"]
    assert rewritten("where x = '${q[0].Name}'", {}, {"q": "q"}, ()) == "where x = (select Name from ${q} limit 1)"
