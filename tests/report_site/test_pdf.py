"""A page on paper."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from pypdf import PdfReader

from okr_reports.errors import PublishError
from okr_reports.report_site.output.pdf import _one_document, all_routes, write_pdf
from tests.report_site.test_site import text_of


def test_a_page_is_printed_with_its_fonts(built, tmp_path):
    content = write_pdf(built.out_dir, ["objectives/grow_pipeline"], tmp_path / "deep" / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert re.search(rb"/FontFile[23]?", content)
    assert b"/Outlines" in content  # bookmarks, from the headings


def test_several_pages_are_one_document_whose_links_lead_within_it(built, tmp_path):
    routes = ["", "objectives/grow_pipeline", "objectives/more_linkedin_leads", "key-results/linkedin_leads_up"]
    routes.append("kpis/cost_per_lead")
    printed = write_pdf(built.out_dir, routes, tmp_path / "pages.pdf")
    content = printed.read_bytes()
    html = _one_document(built.out_dir, {route: built.out_dir / route / "index.html" for route in routes}, {})
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]+)"', html)) | set(re.findall(r"url\(#([^)]+)\)", html))
    assert {"page-1", "page-3"} <= wanted <= set(ids)
    assert 'href="../' not in html
    assert "<script" not in html
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= len(routes) + 1
    assert len(re.findall(rb"/Subtype\s*/Link\b", content)) >= len(routes)
    the_contents_say_where_each_page_begins(built.out_dir, routes, printed)


def the_contents_say_where_each_page_begins(site: Path, routes: list[str], printed: Path) -> None:
    """Its number stands beside its title, and on that paper its heading, which is a bookmark too."""
    reader = PdfReader(printed)
    texts = [" ".join(page.extract_text().split()) for page in reader.pages]
    # each sheet says of when it is, and none has a lone line beside that
    assert all("Datos hasta el 22 nov 2026" in text for text in texts)
    assert all(len(text) > 220 for text in texts)
    bookmarks = {reader.get_destination_page_number(one) + 1: one.title for one in flat(reader.outline)}
    for route in routes:
        html = (site / route / "index.html").read_text(encoding="utf-8")
        title = unescape(html.partition("<title>")[2].partition("</title>")[0].rpartition(" · ")[0])
        [number] = re.findall(re.escape(title) + r" (\d+)", texts[0])
        heading = " ".join(text_of(html[html.index("<h1") : html.index("</h1>")]).split())
        assert heading in texts[int(number) - 1], route
        assert any(one == int(number) for one in bookmarks), route


def flat(outline: list) -> list:
    return [one for entry in outline for one in (flat(entry) if isinstance(entry, list) else [entry])]


def test_every_page_is_found_the_overview_first(built):
    routes = all_routes(built.out_dir)
    assert (routes[0], len(routes)) == ("", built.pages)
    chapters = list(dict.fromkeys(route.partition("/")[0] for route in routes))
    # the menu's order, each index before its pages, those in no menu at the end
    assert chapters[:7] == ["", "objectives", "review", "key-results", "teams", "people", "channels"]
    assert chapters[-2:] == ["gallery", "retrospectives"]
    assert routes.index("objectives") + 1 == routes.index(next(r for r in routes if r.startswith("objectives/")))


@pytest.mark.parametrize("route", ["nowhere", "../../etc", "objectives/../../.."])
def test_a_page_that_is_not_there_is_named(built, tmp_path, route):
    with pytest.raises(PublishError, match="there is no such page"):
        write_pdf(built.out_dir, [route], tmp_path / "page.pdf")


def test_without_chromium_it_says_what_to_install(built, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PublishError, match="apt-get install chromium"):
        write_pdf(built.out_dir, [""], tmp_path / "page.pdf")
