"""theme.yaml: colours that can be read, fonts, a logo; what is wrong is told with its line."""

from __future__ import annotations

import re

import pytest

from okr_reports.report_site.build import build_site
from okr_reports.report_site.check import check_pages
from okr_reports.report_site.views.assets import load_assets
from okr_reports.report_site.views.theme import GROUNDS, INK, LINE, TEXT, Theme, contrast, read_theme

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="20" height="20"/></svg>'
WHOLE = """brand: {light: "#0b5fff", dark: "#8ab4ff"}
positive: {light: "#14713f", dark: "#6fd19a"}
charts:
  light: ["#0b5fff", "#c2571a"]
  dark: ["#8ab4ff", "#ff9d66"]
font: [Source Sans 3, Verdana]
logo: logo.svg
logo_text: Acme Marketing
"""
PAGE = "---\ntitle: Home\n---\n# Home\n"
IMAGE = '\n![The "mark" of {{ context.organisation }}](logo.svg)\n'


def test_a_theme_reaches_the_site(reports, snapshot, tmp_path):
    folder = reports({"theme.yaml": WHOLE, "theme/images/logo.svg": LOGO, "pages/index.md": PAGE + IMAGE})
    site = build_site(snapshot, folder, tmp_path / "site").out_dir
    css = next((site / "assets").glob("site.*.css")).read_text(encoding="utf-8")
    own = css[css.index(":root { --accent") :]
    assert all(one in own for one in ("--accent: #0b5fff", "--good: #14713f", "--s2: #c2571a"))
    assert '"Source Sans 3", "Verdana", var(--font)' in own
    html = (site / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<img class="logo-file" src="assets/logo\.[0-9a-f]+\.svg" alt=""', html)
    assert "<span>Acme Marketing</span>" in html
    assert re.search(r'<img src="assets/logo\.[0-9a-f]+\.svg" alt="The &quot;mark&quot; of [^"]+" class="image"', html)


@pytest.mark.parametrize("name", ["logo.bmp", "linked.svg", "folder.svg"])
def test_a_logo_that_the_site_would_not_take_along_is_told(reports, tmp_path, name):
    folder = reports({"theme.yaml": f"font: Verdana\nlogo: {name}", "theme/images/logo.bmp": "BM", "own.svg": LOGO})
    images = folder / "theme" / "images"
    (images / "linked.svg").symlink_to(folder / "own.svg")
    (images / "folder.svg").mkdir()
    (found,) = check_pages(folder, None)
    assert (found.line, f"no image {name!r}" in found.what) == (2, True)
    assert load_assets(folder / "theme", Theme()).images == {}


@pytest.mark.parametrize("brand", ["#0b5fff", "#b3261e", "#14713f", "#6d28d9", "#374151"])
def test_every_shade_made_of_a_brand_can_be_read(reports, brand):
    css = read_theme(reports({"theme.yaml": f'brand: {{light: "{brand}", dark: "#a3b1ff"}}'})).css
    for mode, line in zip(("light", "dark"), css.split("\n"), strict=False):
        shades = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", line))
        assert all(contrast(shades["accent"], ground) >= TEXT for ground in (*GROUNDS[mode], shades["accent-soft"]))
        assert all(contrast(shades[name], INK[mode]) >= TEXT for name in ("h1", "h2", "h3"))
        assert all(contrast(shades[name], GROUNDS[mode][0]) >= TEXT for name in ("h4", "h5"))


def test_the_nearest_colour_that_is_named_can_be_used(reports):
    folder = reports({"theme.yaml": 'font: Verdana\nbrand: {light: "#ffcc00", dark: "#ffcc00"}'})
    (found,) = check_pages(folder, None)
    assert (found.line, "#ffcc00 has 1.4:1 on the light page" in found.what) == (2, True)
    nearest = re.search(r'has it is "(#[0-9a-f]{6})"', found.todo)[1]
    reports({"theme.yaml": f'brand: {{light: "{nearest}", dark: "#ffcc00"}}'})
    assert check_pages(folder, None) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\nbrnd: '#0b5fff'", 2, "brand"),
        ("brand: blue", 1, "six digits"),
        ("brand: #0b5fff", 1, "six digits"),
        ("brand:\n  light: '#0b5fff'\n", 1, "add dark"),
        ("brand:\n  light: '#0b5fff'\n  night: '#8ab4ff'\n", 3, "light and dark"),
        ("charts: {light: ['#0b5fff'], dark: ['#202020']}", 1, "3:1"),
        ("charts: []", 1, "one to eight"),
        ("font: 'x; } body { display: none'", 1, "name of a font"),
        ("font: Verdana\nlogo: mine.svg", 2, "theme/images/"),
        ("logo_text: ''", 1, "give a text"),
        ("brand: [", 1, "quote colours"),
        ("font: Verdana\nlogo_text: Añ\x07o", 2, "U+0007"),
        ("font: Verdana\nlogo_text: 2026-13-45", 2, "month must be"),
        ("just words", 1, "brand:"),
    ],
)
def test_mistakes_are_told_with_their_line(reports, text, line, said):
    (found,) = check_pages(reports({"theme.yaml": text}), None)
    assert found.path.endswith("theme.yaml")
    assert (found.line, said in f"{found.what}; {found.todo}") == (line, True), found


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert LINE < TEXT


def test_front_matter_has_an_effect_or_is_refused(reports, snapshot, tmp_path):
    keys = "table_of_contents: true\ncards: true\npage_width: full"
    page = f"---\ntitle: Home\n{keys}\n---\n# Home\n\n## One & two\n\ntext\n\n## Three\n"
    folder = reports({"pages/index.md": page})
    html = (build_site(snapshot, folder, tmp_path / "site").out_dir / "index.html").read_text(encoding="utf-8")
    assert '<li><a href="#one-two">One &amp; two</a></li><li><a href="#three">Three</a></li>' in html
    assert html.index("</h1>") < html.index('class="toc"') < html.index("<h2")
    assert '<body class="wide carded"' in html
    for line, said in (
        ("icon: star", "leave it out"),
        ("page_width: huge", "wide"),
        ("table_of_contents: 3", "true or"),
    ):
        reports({"pages/index.md": f"---\ntitle: Home\n{line}\n---\n"})
        (found,) = check_pages(folder, None)
        assert (found.line, said in found.todo) == (3, True), found
