"""The site as a whole: its addresses, its bytes, its links, its numbers."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from html import unescape

import duckdb
import pytest

from okr_reports.errors import PublishError
from okr_reports.report_site.build import build_site
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.output.links import broken_links
from tests.report_site.conftest import REPORTS, main_of


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


def test_the_addresses_of_the_contract(built):
    for path in (
        "index.html", "objectives/grow_pipeline/index.html", "key-results/linkedin_leads_up/index.html",
        "kpis/cost_per_lead/index.html", "channels/linkedin_ads/index.html", "teams/paid_social/index.html",
        "check-ins/index.html", "review/index.html", "sources/index.html", "archive/2026-Q3/index.html",
        "data/key_results.csv", "data/objectives.csv", "data/kpis.csv", "data/key_results.json",
        "data/objectives.json", "data/kpis.json",
        "glossary/index.html", "gallery/index.html", "roi/index.html",
    ):  # fmt: skip
        assert (built.out_dir / path).is_file(), path


def test_a_note_stands_where_that_is_shown_which_it_speaks_of(built):
    for place, text in {
        "kpis/linkedin_leads": "Tracking was down for",
        "key-results/linkedin_leads_up": "Black Friday creatives start on Thursday.",
        "teams/paid_social": "Eva is away until the 16th.",
        "channels/linkedin_ads": "Local holiday.",
    }.items():
        assert text in text_of(main_of((built.out_dir / place / "index.html").read_text(encoding="utf-8"))), place
    elsewhere = main_of((built.out_dir / "teams/index.html").read_text(encoding="utf-8"))
    assert "Eva is away" not in elsewhere


ANOTHER_HOST = """
import sys
from pathlib import Path
from okr_reports.report_site.build import build_site
build_site(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
"""


def test_equal_inputs_give_equal_bytes_on_a_host_of_any_time_zone(snapshot, built, tmp_path):
    again = tmp_path / "again"
    environment = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", ANOTHER_HOST, str(snapshot), str(REPORTS), str(again)]
    subprocess.run(command, env=environment, cwd=REPORTS.parent, check=True)
    first = {path.relative_to(built.out_dir): path.read_bytes() for path in built.out_dir.rglob("*") if path.is_file()}
    second = {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert first == second


def test_pages_from_the_cache_are_the_same_bytes(snapshot, built, tmp_path):
    first = {path.relative_to(built.out_dir): path.read_bytes() for path in built.out_dir.rglob("*") if path.is_file()}
    for name in ("fill", "use"):
        again = build_site(snapshot, REPORTS, tmp_path / name, cache_dir=tmp_path / "cache").out_dir
        assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == first


def test_nothing_is_untranslated(built, english):
    assert built.untranslated == ()
    assert english.untranslated == ()
    spanish = (built.out_dir / "index.html").read_text(encoding="utf-8")
    assert '<html lang="es" dir="ltr">' in spanish
    assert "3 resultados clave con retraso" in spanish
    assert "3 key results are off track" in (english.out_dir / "index.html").read_text(encoding="utf-8")


def test_broken_links_are_found():
    page = b'<a href="b/index.html">x</a><a href="b/index.html#there">y</a><a href="#here">z</a><p id="here"></p>'
    files = {"index.html": page, "b/index.html": b'<a href="../c.html">x</a><a href="https://example.com">y</a>'}
    assert broken_links(files) == ["b/index.html: ../c.html", "index.html: b/index.html#there"]


def test_public_data_equals_the_marts(built, snapshot):
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        rows = connection.execute("select key_result_id, value, score, status from marts.key_results").fetchall()
    content = (built.out_dir / "data/key_results.csv").read_bytes().decode()
    listed = {row["key_result_id"]: row for row in csv.DictReader(io.StringIO(content))}
    parsed = {row["key_result_id"]: row for row in json.loads((built.out_dir / "data/key_results.json").read_bytes())}
    assert len(listed) == len(parsed) == len(rows)
    for key_result_id, value, score, status in rows:
        assert listed[key_result_id]["status"] == parsed[key_result_id]["status"] == status
        assert parsed[key_result_id]["value"] == value
        assert parsed[key_result_id]["score"] == score
        assert (
            (listed[key_result_id]["value"] == "") if value is None else float(listed[key_result_id]["value"]) == value
        )


PRESETS = (
    ("28 días", "c.through - 27"), ("7 días", "c.through - 6"), ("Este trimestre", "date_trunc('quarter', c.through)"),
    ("12 meses", "date_trunc('month', c.through - interval 11 month)"),
)  # fmt: skip


@pytest.mark.parametrize(("preset", "first"), PRESETS)
def test_channel_totals_equal_the_facts(built, snapshot, preset, first):
    """Up to the last day that every account has, so that equal spans are compared; ratios are sums over sums."""
    sql = f"""with c as (select min(data_through) as through from marts.source_health where channel = 'linkedin_ads')
              select sum(spend), sum(impressions), sum(leads), sum(spend) / sum(leads),
                sum(conversion_value) / sum(spend)
              from marts.fct_ad_daily, c where channel = 'linkedin_ads' and date between {first} and c.through"""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        row = connection.execute(sql).fetchone()
    html = (built.out_dir / "channels/linkedin_ads/index.html").read_text(encoding="utf-8")
    part = text_of(html.split(f'tab-title">{preset}<')[1].split("<section")[0])
    for value, digits in zip(row, (0, 0, 0, 2, 2), strict=True):
        assert spanish(value, digits) in part


def spanish(value: Decimal | float, digits: int) -> str:
    exact = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{exact:,}".replace(",", "_").replace(".", ",").replace("_", ".")


def test_parts_add_up_to_their_parent(built, snapshot):
    """Campaigns to their channel, channels to the total, key results to their objective: the gap is nothing."""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        spend, clicks, leads = connection.execute(
            """select sum(spend), sum(clicks), sum(leads) from marts.fct_ad_daily,
               (select min(data_through) as through from marts.source_health where channel = 'linkedin_ads') c
               where channel = 'linkedin_ads' and date between c.through - 27 and c.through"""
        ).fetchone()
        objectives = connection.execute("select objective_id, score from marts.objectives where score is not null")
        scores = dict(objectives.fetchall())
    channel = (built.out_dir / "channels/linkedin_ads/index.html").read_text(encoding="utf-8")
    table = next(one for one in channel.split("<table") if "<caption>Campañas, últimos 28 días" in one)
    for name, total in (("Gasto", spend), ("Clics", clicks), ("Leads", leads)):
        cells = re.findall(rf'data-v="([\d.]+)" data-label="{name}"', table)
        assert len(cells) > 3
        assert sum(map(Decimal, cells)) == total, name
    assert spanish(spend / leads, 2) in text_of(table.split("<tfoot>")[1])
    assert len(scores) > 4
    for objective, score in scores.items():
        page = (built.out_dir / f"objectives/{objective}/index.html").read_text(encoding="utf-8")
        shares = re.findall(r'data-v="([\d.e-]+)" data-label="Aporta"', page)
        assert sum(map(float, shares)) == pytest.approx(score, abs=1e-9), objective


def test_provisional_stale_and_unlike_judgements_are_marked(built):
    page = main_of((built.out_dir / "key-results/linkedin_leads_up/index.html").read_text(encoding="utf-8"))
    assert "Ana Ruiz says 83%, the numbers say off track" in text_of(page)
    assert 'class="line actual provisional"' in page
    assert "url(#hatch-kr-linkedin_leads_up)" in page
    stale = text_of(main_of((built.out_dir / "key-results/pipeline_roi/index.html").read_text(encoding="utf-8")))
    assert "sin actualizar desde el 19 nov 2026" in stale
    overview = (built.out_dir / "index.html").read_text(encoding="utf-8")
    assert "1 fuente no está al día, sin actualizar desde el 19 nov 2026" in text_of(overview)


def test_stale_marks_follow_the_sources(snapshot, tmp_path):
    """Three sources in the three bad states: every key result they feed says since when."""
    copy = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update marts.key_results set stale_since = date '2026-11-20' where kpi_id is not null")
        for state, account in (("stale", "510001"), ("failed", "510002"), ("partial", "")):
            sql = "update marts.source_health set state = ?, stale_since = date '2026-11-20' where account_id = ?"
            connection.execute(sql, [state, account])
        rows = connection.execute("select key_result_id from marts.key_results where kpi_id is not null").fetchall()
    site = build_site(copy, REPORTS, tmp_path / "site").out_dir
    for (key_result,) in rows:
        page = text_of((site / f"key-results/{key_result}/index.html").read_text(encoding="utf-8"))
        assert "sin actualizar desde el 20 nov 2026" in page, key_result
    overview = text_of((site / "index.html").read_text(encoding="utf-8"))
    assert "3 fuentes no están al día" in overview
    assert all(word in overview for word in ("Sin actualizar", "Con error", "Parcial"))


RUNNING = "from marts.report_context as c where c.today between k.period_start and k.period_end"
FIRST = f"select min(k.key_result_id) {RUNNING.replace('from ', 'from marts.key_results as k, ')}"


@pytest.mark.parametrize(
    ("changes", "heading", "below"),
    [
        ([], "everything is on track", "Every key result is on track."),
        (["status = 'too_early'"], "key results are on track, 1 has no verdict yet", "None is off track"),
        (["stale_since = date '2026-11-20'"], "1 key result rests on a late source", "None is off track"),
    ],
)
def test_all_is_well_only_where_every_verdict_says_so_on_fresh_data(
    english_snapshot, tmp_path, changes, heading, below
):
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(english_snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"update marts.key_results as k set status = 'on_track', stale_since = null {RUNNING}")
        for change in changes:
            connection.execute(f"update marts.key_results set {change} where key_result_id = ({FIRST})")
    site = build_site(copy, REPORTS, tmp_path / "site").out_dir
    overview = text_of(main_of((site / "index.html").read_text(encoding="utf-8")))
    assert heading in overview
    assert below in overview
    assert ("everything is on track" in overview) == (not changes)


def test_as_reported_and_as_known_now_stand_side_by_side(built):
    page = text_of(main_of((built.out_dir / "key-results/linkedin_leads_up/index.html").read_text(encoding="utf-8")))
    assert "Lo publicado y lo que se sabe ahora" in page
    assert re.search(r"16 nov 2026\s+15 nov 2026\s+95\s+96\s+1\s", page)


def test_a_key_result_says_the_days_it_was_counted_from_and_to(snapshot, tmp_path):
    """Its data's last day, in a closed period no later than its end; its first day where that is after the period's."""
    changed = tmp_path / "okr.duckdb"
    shutil.copyfile(snapshot, changed)
    with duckdb.connect(str(changed)) as connection:
        connection.execute("update marts.key_results set data_through = null where key_result_id = 'linkedin_leads_up'")
        connection.execute("update marts.key_results set data_through = period_end + 9 where period_end < '2026-11-01'")
        found = connection.execute(
            "select key_result_id, k.data_from, k.data_through, period_end, today"
            " from marts.key_results as k, marts.report_context"
        ).fetchall()
    pages = build_site(changed, REPORTS, tmp_path / "site").out_dir / "key-results"
    said = Formatter("es-ES", "EUR", "Europe/Madrid")
    for key_result, since, through, end, today in found:
        page = text_of((pages / key_result / "index.html").read_text())
        counted = min(through, end) if through else None
        assert f"datos hasta el {said.format(counted, 'day')}" in page, key_result
        assert ("esperado al cierre" in page) == (end < today), key_result
        assert ("Contado desde" in page) == (since is not None), key_result
        warned = f"datos solo desde el {said.format(since, 'day')}" in page
        assert warned == (since is not None), key_result
    assert {since is None for _, since, *_ in found} == {True, False}
    assert [one for one, _, through, _, _ in found if through is None] == ["linkedin_leads_up"]
    assert any(through and through > end for _, _, through, end, _ in found)


def test_company_objectives_come_first_and_then_the_worst(built):
    page = text_of(main_of((built.out_dir / "index.html").read_text(encoding="utf-8")))
    titles = ("Llenar el embudo para crecer en 2027", "Incorporar a los clientes en la mitad de tiempo",
              "Publicar contenidos que la gente comparte")  # fmt: skip
    below = page[page.index("Objetivos de la empresa") :]
    assert [below.index(title) for title in titles] == sorted(below.index(title) for title in titles)


def test_an_empty_company_builds(tmp_path):
    """Tables without rows, only the context: what a workspace is before its first key result."""
    from tests.report_site.snapshot import Snapshot

    empty = Snapshot("en", "en-GB", 1, None)
    empty.dimensions()
    context = empty.rows["report_context"]
    empty.rows = {table: [] for table in empty.rows} | {"report_context": context}
    site = build_site(empty.write(tmp_path / "okr.duckdb"), REPORTS, tmp_path / "site").out_dir
    text = text_of(main_of((site / "index.html").read_text(encoding="utf-8")))
    assert "Three steps to the first report" in text
    assert all(command in text for command in ("okr add export.csv", "okr check", "okr refresh"))
    assert "on track" not in text


def test_a_missing_snapshot_is_named(tmp_path):
    with pytest.raises(PublishError, match="there is no snapshot to build the site from; run okr refresh"):
        build_site(tmp_path / "none.duckdb", REPORTS, tmp_path / "site")


def test_script_and_style_stay_small(built):
    """Budgets, compressed: 30 kB of script, 15 kB of style."""
    for kind, budget in (("js", 30_000), ("css", 15_000)):
        (asset,) = (built.out_dir / "assets").glob(f"site.*.{kind}")
        assert len(gzip.compress(asset.read_bytes())) <= budget


def test_the_glossary_states_the_thresholds_of_the_settings(english):
    glossary = (
        text_of((english.out_dir / "glossary/index.html").read_text(encoding="utf-8"))
        .replace("\u202f", " ")
        .replace("\xa0", " ")
    )
    assert "at least 90% of what is expected by now" in glossary
    assert "100% of a committed key result, 70% of an aspirational one" in glossary


def test_kpis_stand_below_their_channel(build):
    lines = (REPORTS / "components/kpi_lines.html").read_text(encoding="utf-8")
    page = "---\ntitle: Home\n---\n{% kpi_lines by_channel=true /%}\n"
    html = build({"components/kpi_lines.html": lines, "pages/index.md": page})("index.html")
    above, below = re.split(r"<h3>LinkedIn Ads</h3>", html)
    assert "<h3>Over several channels</h3>" in above
    assert "linkedin" in below.lower()


def test_a_note_on_a_kpi_a_channel_or_a_team_is_shown_where_it_is_used(built, snapshot):
    """On each key result that rests on it, with what it is about; a page without notes has no heading for them."""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        rows = connection.execute(
            """select k.key_result_id, n.text from marts.fct_note as n join marts.key_results as k
            on (n.on_kind = 'kpi' and n.on_id = k.kpi_id) or (n.on_kind = 'team' and n.on_id = k.team)"""
        ).fetchall()
    assert rows
    for key_result, note in rows:
        page = text_of((built.out_dir / f"key-results/{key_result}/index.html").read_text(encoding="utf-8"))
        assert " ".join(note.split()[:4]) in " ".join(page.split()), key_result
