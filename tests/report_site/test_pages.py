"""The pages as readers judge them: every chart says something, every word is translated, every size works."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from html import unescape
from pathlib import Path

import duckdb
import pytest
from babel.messages.pofile import read_po

from okr_reports import okrs
from okr_reports.catalogue import channels
from okr_reports.okrs.rows import frame
from okr_reports.report_site.build import build_site
from okr_reports.report_site.charts.data import readable
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.formats.words import SOURCE_STATES, STATUSES, STEPS
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.source_files import read_source
from okr_reports.report_site.views.address_functions import AddressFunctions
from okr_reports.report_site.views.chart_functions import ChartFunctions
from okr_reports.report_site.views.functions import Functions
from tests.report_site.conftest import REPORTS, main_of
from tests.report_site.snapshot import write_snapshot
from tests.report_site.test_site import text_of

DEFINITIONS = REPORTS.parent / "okr_definitions"
SITE = REPORTS.parent / "pipelines" / "okr_reports" / "report_site"
# charts that have nothing to say yet
SILENT = {"Todavía sin datos", "Aún sin puntuación", "No data yet", "No score yet"}


@pytest.mark.parametrize("language", ["built", "english"])
def test_every_chart_has_a_message_a_sentence_and_a_table(language, request):
    site = request.getfixturevalue(language).out_dir
    pages = [path for path in site.rglob("index.html") if "gallery" not in path.parts]
    figures = [(path, one) for path in pages for one in re.findall(r"<figure.*?</figure>", main(path), re.DOTALL)]
    assert len(figures) > 40
    for path, figure in figures:
        title = text_of(re.search(r'class="figure-title">(.*?)</span>', figure, re.DOTALL)[1])
        assert re.search(r"\d", title) or title in SILENT, (path, title)
        drawing = re.search(r'<svg class="chart[^>]*>', figure)
        if drawing is None:
            assert "<th scope=" in figure, (path, title)
            continue
        assert 'role="img"' in drawing[0]
        assert len(unescape(re.search(r'aria-label="([^"]+)"', drawing[0])[1])) > 15, (path, title)
        assert '<details class="numbers">' in figure, (path, title)


def main(path: Path) -> str:
    return main_of(path.read_text(encoding="utf-8"))


def test_every_status_is_a_word_and_a_shape_besides_its_colour(built):
    shown = re.compile(r'<span class="status st-(\w+)"><svg[^>]*><use href="#st-(\w+)"/></svg>([^<]*)</span>')
    for path in built.out_dir.rglob("index.html"):
        html = main(path)
        found = shown.findall(html)
        assert len(found) == html.count('class="status st-'), path
        assert all(code == shape and word.strip() for code, shape, word in found), path
    marks = (built.out_dir / "index.html").read_text(encoding="utf-8")
    shapes = dict(re.findall(r'<symbol id="st-(\w+)" viewBox="0 0 16 16">(.*?)</symbol>', marks))
    assert len({shapes[code] for code in STATUSES}) == len(STATUSES)


def test_every_measure_and_state_has_a_spanish_word():
    spanish = Language("es", [REPORTS / "translations"])
    for channel in channels().values():
        for measure in channel.measures:
            spanish.text(readable(measure))
        spanish.text(readable(shown_kind(channel.kind)))
    for word in (*STATUSES.values(), *SOURCE_STATES.values(), *STEPS.values()):
        spanish.text(word)
    assert spanish.missing == set()


def shown_kind(kind: str) -> str:
    """A channel's kind as channels/index.md has it."""
    return "web_search" if kind == "search" else kind


# what people's own files hold, among other things
OWN_MEASURES = {"followers", "subscribers"}
MEASURES_COME = {frame.REPORTED, frame.COLUMN, frame.COLUMN_LESS, frame.ROWS, frame.ROWS_WITH}
# why a closed result is another one today (int_closings_compared)
CAUSES = {"restated", "renamed", "definition", "target", "check_in", "source_gone"}


def words_of_data() -> set[str]:
    """Codes that pages show as words: the choices of definitions, channels with their measures, those of the demo."""
    schema = (DEFINITIONS / "okr.schema.json").read_text(encoding="utf-8")
    choices = {one for listed in re.findall(r'"enum": (\[[^\]]*\])', schema) for one in json.loads(listed)}
    choices |= set(re.findall(r'"const": "(\w+)"', schema))
    # the desk's forms are made of the schema
    choices |= {name for one in json.loads(schema)["$defs"].values() for name in one.get("properties", ())}
    brought = {measure for channel in channels().values() for measure in channel.measures}
    declared = {measure for source in okrs.read(DEFINITIONS).file_sources for measure in source.measures}
    kinds = {shown_kind(channel.kind) for channel in channels().values()}
    meanings = {choice.means for channel in channels().values() for choice in channel.conversions.values()}
    words = choices | brought | declared | kinds | OWN_MEASURES | CAUSES
    return meanings | MEASURES_COME | {readable(str(one)) for one in words}


def texts_of_sources() -> tuple[set[str], str]:
    """Every text of front matter and of Python, and the whole of the pages and components."""
    texts: set[str] = set()
    for path in SITE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts |= {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    # the desk has templates of its own, and the dialog of `okr check-in` the same words
    own = (path for ending in ("html", "py") for path in (SITE.parent / "desk").rglob(f"*.{ending}"))
    desk = [*own, SITE.parent / "commands" / "check_in.py"]
    written = "".join(path.read_text(encoding="utf-8") for path in desk)
    for folder in (REPORTS, SITE / "builtin"):
        for path in sorted(one for one in folder.rglob("*") if one.suffix in (".md", ".html", ".sql")):
            source = read_source(path)
            texts |= {value for value in source.front.values() if isinstance(value, str)}
            written += source.text
    return texts, written


@pytest.mark.parametrize("folder", [REPORTS / "translations", SITE / "builtin" / "translations"])
def test_every_translation_is_of_a_text_that_is_shown(folder):
    texts, written = texts_of_sources()
    known = texts | words_of_data()
    for path in folder.glob("*.po"):
        with path.open("rb") as lines:
            ids = {one.id[0] if one.pluralizable else one.id for one in read_po(lines) if one.id}
        # Columns and queries of pages are shown by their names: `week_to` as Week to.
        named = {readable(name) for name in re.findall(r"[a-z_]+", written)}
        unused = {one for one in ids - known - named if f'"{one}"' not in written and f"'{one}'" not in written}
        assert unused == set(), path


@pytest.mark.parametrize("kind", [Functions, AddressFunctions, ChartFunctions])
def test_what_templates_may_call_is_called_and_explained(kind):
    _, written = texts_of_sources()
    exposed = sys.modules[kind.__module__].EXPOSED
    # what the links of a text are resolved by, without a template
    assert [name for name in exposed if f"{name}(" not in written and name != "resolve_link"] == []
    public = {name: one for name, one in vars(kind).items() if not name.startswith("_")}
    assert [name for name, one in public.items() if hasattr(one, "__doc__") and callable(one) and not one.__doc__] == []


def test_a_level_is_what_was_known_last(snapshot, tmp_path, few_pages):
    """Deals have a row only on days on which they change; a channel's open pipeline is the sum of their last values."""
    copy = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("delete from marts.fct_measure_daily where channel = 'newsletter'")
        for day, deal, value in (("2026-08-01", "a", 700), ("2026-08-09", "b", 500), ("2026-11-10", "b", 100)):
            connection.execute(
                "insert into marts.fct_measure_daily by name select ?::date as date, 'newsletter' as channel,"
                " '' as account_id, ? as campaign_id, 'subscribers' as measure, ?::decimal(28,9) as value",
                [day, deal, value],
            )
        # What comes by months is shown by its last whole one: 31 in October after 60 in September, never 28 days.
        connection.execute("update marts.dim_channel set grain = 'month' where channel = 'linkedin_ads'")
        connection.execute(
            "insert into marts.dim_channel by name select 'shop' as channel, 'Tienda' as title, 'month' as grain"
        )
        connection.execute(
            "insert into marts.fct_measure_daily by name select date::date as date, 'shop' as channel,"
            " '' as account_id, '' as campaign_id, 'orders' as measure,"
            " case month(date) when 9 then 2 else 1 end::decimal(28, 9) as value"
            " from range(date '2026-09-01', date '2026-11-23', interval 1 day) as days(date)"
        )
        [(spent,)] = connection.execute(
            "select round(sum(spend))::bigint from marts.fct_ad_daily where channel = 'linkedin_ads'"
            " and date between date '2026-10-01' and date '2026-10-31'"
        ).fetchall()
    site = build_site(copy, few_pages, tmp_path / "site").out_dir
    shop, ads = (text_of(main(site / f"channels/{name}/index.html")) for name in ("shop", "linkedin_ads"))
    assert re.search(r"octubre de 2026 .* Pedidos\s+31\s+▼\s+−48,3", re.sub(r"\s+", " ", shop))
    assert f"{spent:,}".replace(",", ".") in ads
    assert not [text for text in (shop, ads) if "28 días" in text or "7 días" in text]
    row = main(site / "channels/newsletter/index.html").split("<tbody>")[1].split("</tr>")[0]
    assert re.search(r"Suscriptores el último día\s+800\s+▼\s+−33,3", re.sub(r"\s+", " ", text_of(row)))


@pytest.fixture(scope="module")
def few_pages(tmp_path_factory) -> Path:
    """The pages without those of single objectives, key results and KPIs: what a reader of the lists meets."""
    reports = tmp_path_factory.mktemp("few") / "reports"
    shutil.copytree(REPORTS, reports)
    for folder in ("objectives", "key-results", "kpis"):
        (reports / f"pages/{folder}/[id].md").unlink()
    return reports


def test_a_company_with_one_key_result(snapshot, few_pages, tmp_path):
    copy = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        for table, column in connection.execute(
            """select table_name, column_name from information_schema.columns where table_schema = 'marts'
               and column_name in ('key_result_id', 'objective_id')"""
        ).fetchall():
            kept = {"key_result_id": "linkedin_leads_up", "objective_id": "more_linkedin_leads"}[column]
            connection.execute(f'delete from marts."{table}" where "{column}" is distinct from ?', [kept])
    site = build_site(copy, few_pages, tmp_path / "site").out_dir
    overview = text_of(main(site / "index.html"))
    assert "1 resultado clave con retraso" in overview
    assert "1 resultado clave en curso." in text_of(main(site / "check-ins/index.html"))


def test_a_company_with_two_hundred_key_results(few_pages, tmp_path):
    snapshot = write_snapshot(tmp_path / "okr.duckdb", scale=18)
    site = build_site(snapshot, few_pages, tmp_path / "site").out_dir
    html = (site / "index.html").read_text(encoding="utf-8")
    assert "54 resultados clave con retraso" in text_of(html)
    assert main_of(html).count('data-status="off_track"') == 8
    assert main(site / "key-results/index.html").count("<tr data-team=") == 200
    assets = sum(path.stat().st_size for path in (site / "assets").iterdir() if path.suffix in (".css", ".js"))
    assert len(html.encode()) + assets < 150_000


def test_a_fifth_of_the_full_agency_needs_a_fifth_of_a_pages_memory(snapshot, tmp_path, few_pages):
    """5.8 million facts: a page that holds rows of all of them fails for a thousand accounts."""
    copy = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("""
            insert into marts.fct_measure_daily by name
            select date::date as date, channel, account::varchar as account_id, campaign::varchar as campaign_id,
                measure, 1::decimal(28, 9) as value
            from range(date '2024-11-23', date '2026-11-23', interval 1 day) as days(date),
                range(100) as accounts(account), range(20) as campaigns(campaign),
                (values ('linkedin_ads', 'spend'), ('linkedin_ads', 'leads'), ('newsletter', 'sent'),
                    ('newsletter', 'opens')) as measures(channel, measure)
        """)
    result = build_site(copy, few_pages, tmp_path / "site", limits=Limits(memory_mb=Limits.memory_mb // 5))
    assert (result.faults, result.broken) == ((), {})
