"""Templates of pages, components and partials see plain values: nothing leads from them to the program."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from okr_reports.common.plain_values import plain
from okr_reports.errors import PagesError
from okr_reports.report_site.blank_copy import write_blank_copy
from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.output.site import open_site, render_notice, render_page
from okr_reports.report_site.queries.database import Reader
from tests.report_site.conftest import REPORTS, main_of
from tests.template_walk import watched

HEAD = "---\ntitle: Home\n---\n"
QUERY = "```sql q\nselect 'Ann' as name, 1 as n\n```\n"
ATTACKS = [
    "q.statement.query.path.parent.joinpath('{secret}').read_text()",
    "q.statement.query.path.parent.joinpath('{target}').write_text('x')",
    "q.statement.query.path.parent.joinpath('{secret}').unlink()",
    "q.reader._connection.execute('select 1')", "q['reader']", "q|attr('reader')", "q.inner", "q.result", "q.values",
    "q[0]._columns", "q[0]._values", "q[0].__class__", "q.__class__.__mro__", "q.__init__.__globals__",
    "scope__.reader", "scope", "self", "self._TemplateReference__context", "context.__class__", "context._values",
    "t.__globals__", "t.__self__", "t.__func__", "t.__closure__", "t.__call__.__globals__", "link.__self__.site",
    "shaped.__self__.reader", "table.__self__", "axis_chart.__wrapped__", "series_of.__self__.formatter.locale",
    "component_info('table').file.path.read_text()", "component_info('table').file",
    "(component_info('table')|attr('file')).path", "component_info('table').check", "compare(1, 2).__dict__",
    "single(q, 'n', none).source.rows.reader", "single(q, 'n', none).__class__",
    "series_of(q, 'name', 'n').formatter", "series_of(q, 'name', 'n').formatter.locale", "'{{0.__class__}}'.format(q)",
    "'{{0.reader}}'.format(q)", "'{{0[0].__class__}}'.format(q)", "'{{q.reader}}'.format_map({{'q': q}})",
    "'%s' % q", "q ~ ''", "''.join.__self__.__class__", "''.__class__.__mro__[1].__subclasses__()",
    "[].__class__.__base__.__subclasses__()", "{{}}.__class__", "{{}}.update.__self__.__class__", "dict.mro()",
    "dict.fromkeys", "dict.__subclasses__()", "range.__self__", "namespace.__init__.__globals__",
    "namespace(a=1).__class__", "namespace(a=1)._Namespace__attrs", "lipsum.__globals__", "cycler.__init__",
    "joiner.__init__", "params.__class__", "page.__class__", "page.clear()", "page.setdefault('a', 1)",
    "[q]|map(attribute='reader')|list", "[q]|map(attribute='statement.query.path')|list",
    "[t]|map(attribute='__globals__')|list", "[q]|selectattr('reader')|list", "[q]|sort(attribute='reader')",
    "[q]|groupby('reader')", "[t]|map('attr', '__self__')|list", "q|tojson", "(q|list)[0].__class__",
    "(1).__class__", "(1).real.__class__", "(1.5).as_integer_ratio.__self__.__class__", "none.__class__",
    "true.__class__", "context.today.__class__", "context.today.strftime.__self__.__class__", "context.today.replace",
    "linked('a', 'b').__html__.__globals__", "note('x').__html__", "note('x').escape.__globals__",
    "q|map('string')|list", "caller", "environment", "loop", "ctx", "config", "request", "g", "get_flashed_messages",
    "q|pprint", "q|xmlattr", "q|sum(attribute='__class__')", "q|unique(attribute='reader')|list",
    "q|min(attribute='statement')", "q|map(attribute='__class__.__mro__')|list", "(q|slice(1)).gi_frame.f_globals",
    "(q|map('upper')).gi_frame.f_back", "(q|batch(1)).gi_code", "(q|groupby('name')|first).list.__class__",
    "q|groupby('name')|first|attr('__class__')", "''|attr('format')|attr('__self__')", "q.first.__class__",
    "q.first.items.__self__.__class__", "q.first|items|first|attr('__class__')", "cycler('a').next.__func__",
    "joiner().__class__", "[t]|join", "t ~ link", "link|string|e", "'{{0!r}}'.format(q)", "'{{0!r:>9}}'.format(t)",
    "'{{a.reader}}'.format_map(dict(a=q))", "'%r' % [q]", "'%(q)r' % dict(q=t)", "'%r'|format(t)", "[q, t]|tojson",
    "(t, q)|list|string", "dict(a=t)|urlencode", "dict(a=q)|dictsort", "[t]|map('string')|list", "t|wordcount",
    "t|indent", "q|filesizeformat", "t|default('x', true)", "t == t.__func__", "q in q.__class__.__mro__",
    "('a'|list).append.__self__.__class__", "'a'.encode().__class__", "range(1).__reduce__()", "q.__reduce_ex__(2)",
    "q.__getattribute__('reader')", "q.__dir__()", "q.first.get.__self__", "t.__code__.co_consts", "t.__defaults__",
]  # fmt: skip
SHOW = "---\nabout: Shows.\nattributes:\n  q: {type: query}\n---\n"


LEAKS = (
    "okr-secret-4711",
    "&lt;class",
    "&lt;function",
    "&lt;bound",
    "&lt;built-in",
    "object at 0x",
    "PosixPath",
    "duckdb",
)


def _files(place: str, number: int, written: str) -> dict[str, str]:
    page, shown = f"pages/p{number}.md", HEAD + QUERY + f'{{% show{number} q="q" /%}}'
    return {
        "page": {page: HEAD + QUERY + written},
        "component": {page: shown, f"components/show{number}.html": SHOW + written},
        "markdown component": {page: shown, f"components/show{number}.md": SHOW + written},
        "partial": {page: HEAD + QUERY + f'{{% partial file="p{number}" /%}}', f"partials/p{number}.md": written},
        "loop": {page: HEAD + QUERY + "{% for q in [q] %}" + written + "{% endfor %}"},
        "title": {page: "---\ntitle: '" + written.replace("'", "''") + "'\n---\n" + QUERY},
    }[place]


@pytest.mark.parametrize("place", ["page", "component", "markdown component", "partial", "loop", "title"])
def test_no_expression_reaches_the_program(reports, snapshot, tmp_path, place):
    secret, target = tmp_path / "secret.txt", tmp_path / "target.txt"
    secret.write_text("okr-secret-4711")
    attacks = [attack.format(secret=secret, target=target) for attack in ATTACKS]
    files = {}
    for number, attack in enumerate(attacks):
        files |= _files(place, number, "{{ " + attack + " }}")
    # in this process, where there is no other wall
    with Reader(snapshot) as reader:
        site = open_site(reports(files), reader)
        for instance in site.instances:
            # all that a function is to a template
            shown = _shown(site, instance).replace("&lt;function&gt;", "")
            assert not [leak for leak in LEAKS if leak in shown.replace("&#39;", "'")], (instance.route, shown)
    assert secret.exists()
    assert not target.exists()


def _shown(site, instance) -> str:
    try:
        return main_of(next(iter(render_page(site, instance)[0].values())).decode())
    except PageFault as fault:
        return str(fault)


@pytest.mark.parametrize(
    "written",
    [
        "{% include 'reports/pages/index.md' %}", "{% import 'x' as m %}{{ m }}", "{% from 'x' import a %}",
        "{% extends 'x' %}", "{% block a %}{{ self.a }}{% endblock %}",
        "{% autoescape false %}{{ q[0].name }}{% endautoescape %}",
    ],
)  # fmt: skip
def test_statements_that_reach_other_templates_or_switch_escaping_off_are_not_there(build, written):
    with pytest.raises(PagesError, match="is not for pages"):
        build({"pages/index.md": HEAD + QUERY + written})


def test_what_templates_are_written_with_still_works(build):
    body = """
{% set ns = namespace(total=0) %}{% for row in q %}{% set ns.total = ns.total + row.n %}{% endfor %}
{% macro twice(x) %}{{ x * 2 }}{% endmacro %}
total {{ ns.total }}, {{ twice(4) }}, {{ q.columns | join("+") }}, {{ q[0]["name"].upper() }}, {{ q | length }},
{{ q | map(attribute="name") | join }}, {{ q.first.name }}, {{ q.truncated }}, {{ "{:>3}".format(q[0].n) }},
{{ range(3) | list }}, {{ dict(a=1).items() | list }}, {{ context.today.isoformat() }}, {{ "%02d" % 7 }},
{{ "%s" | format(q[0].name) }}, {{ q | groupby("name") | map(attribute="grouper") | join }}, {{ "a,b".split(",") }}
"""
    main = build({"pages/index.md": HEAD + QUERY + body})("index.html")
    for said in ("total 1, 8, name+n, ANN, 1,", "Ann, Ann, False,", "[0, 1, 2]", "2026-", "07,", "Ann, Ann,"):
        assert said in main, main


# Those that the gallery leaves out, for a page has at most 50 variants.
INPUTS = """---
title: Inputs
---
{% toggle id="only" title="Only" /%}
{% date_grain_selector id="grain" title="Grain" preset_values=["week", "month"] /%}
{% input_tabs id="kind" title="Kind" options=["Tea", "Ale"] /%}
"""


# What the demo company lacks: a CRM.
SALES = """
insert into marts.dim_channel (channel, title, kind) values ('deals', 'Deals', 'crm');
insert into marts.fct_measure_daily (date, channel, measure, value)
    select data_through - number::int, 'deals', 'deals_won', 2
    from marts.report_context, range(0, 180, 5) as days(number);
"""


@pytest.fixture(scope="module")
def reachable(snapshot, tmp_path_factory):
    """Every page of the repository over the demo company: template -> what it could reach outside of the list.

    Also a notice, the page of sales of a company with a CRM, and the first page of a company without anything.
    """
    sales = tmp_path_factory.mktemp("sales") / "okr.duckdb"
    shutil.copyfile(snapshot, sales)
    with duckdb.connect(str(sales)) as connection:
        connection.execute(SALES)
    blank = tmp_path_factory.mktemp("blank") / "okr.duckdb"
    write_blank_copy(blank)
    patch = pytest.MonkeyPatch()
    with watched(patch) as found:
        with Reader(snapshot) as reader:
            site = open_site(REPORTS, reader)
            for instance in site.instances:
                render_page(site, instance)
            render_notice(site, instance, PageFault("x.md", 1, "wrong", "change it"), REPORTS)
            every = [str(file.path) for file, _ in site.reports.files()]
            more = tmp_path_factory.mktemp("inputs") / "reports"
            (more / "pages").mkdir(parents=True)
            (more / "pages" / "index.md").write_text(INPUTS, encoding="utf-8")
            site = open_site(more, reader)
            render_page(site, site.instances[0])
        with Reader(sales) as reader:
            selling = open_site(REPORTS, reader)
            render_page(selling, next(instance for instance in selling.instances if instance.route == "roi"))
        with Reader(blank) as reader:
            empty = open_site(REPORTS, reader)
            render_page(empty, next(one for one in empty.instances if not one.route))
    return found, every


def test_nothing_that_a_template_reaches_is_outside_of_the_list(reachable):
    found, _ = reachable
    assert {name: ways[:5] for name, ways in found.items() if ways} == {}


def test_every_page_partial_and_component_was_looked_at(reachable):
    found, every = reachable
    # components that draw nothing and tell their parent have no template that runs
    silent = {
        "bar",
        "line",
        "area",
        "measure",
        "dimension",
        "reference_area",
        "reference_line",
        "reference_point",
        "tab",
        "option",
        "column",
        "pivot",
    }
    silent |= {"reference_area", "reference_line", "reference_point"}
    silent |= {"partial", "image"}  # the partial's own file runs instead; the demo has no images
    missing = {name for name in every if name not in found}
    assert {name for name in missing if not any(name.endswith(f"/{one}.html") for one in silent)} == set()


def test_what_code_would_leak_stops_the_page_instead():
    class Live:
        pass

    with pytest.raises(TypeError, match="may not see a Live"):
        plain({"a": [Live()]})
