"""A page on paper."""

from __future__ import annotations

import re

import pytest

from okr_reports.errors import PublishError
from okr_reports.report_site.output.pdf import _one_document, all_routes, write_pdf


def test_a_page_is_printed_with_its_fonts(built, tmp_path):
    content = write_pdf(built.out_dir, ["objectives/grow_pipeline"], tmp_path / "deep" / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert re.search(rb"/FontFile[23]?", content)
    assert b"/Outlines" in content  # bookmarks, from the headings


def test_several_pages_are_one_document_whose_links_lead_within_it(built, tmp_path):
    routes = ["", "objectives/grow_pipeline", "objectives/more_linkedin_leads", "key-results/linkedin_leads_up"]
    routes.append("kpis/cost_per_lead")
    content = write_pdf(built.out_dir, routes, tmp_path / "pages.pdf").read_bytes()
    html = _one_document(built.out_dir, {route: built.out_dir / route / "index.html" for route in routes})
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]+)"', html)) | set(re.findall(r"url\(#([^)]+)\)", html))
    assert {"page-1", "page-3"} <= wanted <= set(ids)
    assert 'href="../' not in html
    assert "<script" not in html
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= len(routes) + 1
    assert len(re.findall(rb"/Subtype\s*/Link\b", content)) >= len(routes)


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
