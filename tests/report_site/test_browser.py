"""What readers meet, in a real browser, from disk: accessibility, small screens, no network, no JavaScript, paper."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from okr_reports.report_site.build import build_site
from okr_reports.report_site.formats.languages import SHIPPED
from tests.report_site.browser import AXE, overlapping, watched
from tests.report_site.conftest import REPORTS
from tests.report_site.snapshot import write_snapshot

PAGES = (
    "index.html", "objectives/index.html", "objectives/more_linkedin_leads/index.html", "key-results/index.html",
    "key-results/linkedin_leads_up/index.html", "key-results/guide_published/index.html", "kpis/index.html",
    "kpis/cost_per_lead/index.html", "channels/index.html", "channels/linkedin_ads/index.html", "teams/index.html",
    "teams/paid_social/index.html", "check-ins/index.html", "review/index.html", "sources/index.html",
    "archive/index.html", "archive/2026-Q3/index.html", "roi/index.html", "glossary/index.html", "gallery/index.html",
    "gallery/inputs/index.html", "people/index.html",
)  # fmt: skip
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


SCREENSHOTS = Path(os.environ.get("OKR_SCREENSHOTS", Path(__file__).parents[2] / "test-output" / "screenshots"))


def keep(page, path: str, what: str) -> None:
    """Keep a picture of a page, for those who judge by eye."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = path.removesuffix("/index.html").removesuffix(".html").replace("/", "_")
    page.screenshot(path=SCREENSHOTS / f"{name}-{what}.png", full_page=True)


@pytest.mark.parametrize("language", ["es", "en"])
def test_axe_finds_nothing_and_the_console_is_quiet(browser, sites, language):
    """Every rule in light; in dark, where only the colours differ, the rules about colours."""
    found = []
    with watched(browser, reduced_motion="reduce") as one:
        for path in PAGES:
            page = one.open(sites[language] / path)
            for scheme, options in (("light", AXE), ("dark", AXE | {"runOnly": COLOUR_RULES})):
                page.emulate_media(color_scheme=scheme)
                if language == "es":
                    keep(page, path, f"1366-{scheme}")
                for violation in Axe().run(page, options=options).response["violations"]:
                    nodes = [node["html"][:120] for node in violation["nodes"][:3]]
                    found.append((path, scheme, violation["id"], nodes))
        assert found == []
        assert one.problems == []
        assert one.requests == []


@pytest.mark.parametrize("width", [320, 390, 768, 1366])
def test_no_page_scrolls_sideways_and_no_text_covers_another(browser, sites, width):
    with watched(browser, width=width, height=844) as one:
        for path in PAGES:
            page = one.open(sites["es"] / path)
            if width == 390:
                keep(page, path, "390")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert overlapping(page) == [], path


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_the_first_screen_answers(browser, sites, width, height):
    with watched(browser, width=width, height=height) as one:
        page = one.open(sites["es"] / "index.html")
        wanted = (".stamp", ".counts", "h1", ".business")
        for selector in (*wanted, "tbody tr[data-status=off_track]") if width > 1000 else wanted:
            box = page.locator(selector).first.bounding_box()
            assert box is not None, selector
            assert box["y"] + box["height"] <= height, selector
        if width > 1000:
            panel = page.locator(".panel h2").first
            assert panel.text_content() == "Pendiente, por persona"
            assert panel.bounding_box()["y"] < height / 2 + 100


def test_on_a_phone_the_overview_goes_from_the_business_to_needs_changes_and_objectives(browser, sites):
    """What needs whom is 900 px from the top at most, with its first key result whole."""
    with watched(browser, width=390, height=844) as one:
        page = one.open(sites["es"] / "index.html")
        places = [
            page.locator(part).first.bounding_box()["y"]
            for part in ("h1", ".business", ".needs", ".panel:not(.needs)", ".lines, .cards")
        ]
        assert places == sorted(places)
        needed = page.locator(".needs .feed li").first.bounding_box()
        assert needed["y"] + needed["height"] <= 900
        assert page.locator(".needs details[open]").count() == 1
        # the key results of a card are folded, and open again where there is room
        cards, closed = page.locator("details.fold"), page.locator("details.fold:not([open])")
        assert closed.count() == cards.count() > 1
        page.set_viewport_size({"width": 1366, "height": 768})
        page.wait_for_function("!document.querySelector('details.fold:not([open])')")


def test_on_a_phone_totals_have_the_names_of_their_columns(browser, sites):
    with watched(browser, width=390, height=844) as one:
        page = one.open(sites["es"] / "roi/index.html")
        cells = page.locator("tr.total td:not(:first-child):not(:empty)")
        labels = cells.evaluate_all("all => all.map(one => getComputedStyle(one, '::before').content)")
        assert len(labels) > 3
        assert all(
            label.strip('"') == cell
            for label, cell in zip(labels, cells.evaluate_all("all => all.map(one => one.dataset.label)"), strict=True)
        )


def test_without_javascript_everything_is_there(browser, sites):
    with watched(browser) as with_js, watched(browser, java_script_enabled=False) as without:
        for path in ("index.html", "channels/linkedin_ads/index.html", "check-ins/index.html"):
            rich, plain = with_js.open(sites["es"] / path), without.open(sites["es"] / path)
            assert rich.locator("main tr").count() == plain.locator("main tr").count()
            assert plain.locator("main .tab").count() == rich.locator("main .tab").count()
            for name in ("data", "built"):
                text = plain.locator(f".stamp .moment-{name}").evaluate("e => getComputedStyle(e, '::after').content")
                assert "nov 2026" in text
                assert plain.locator(f".stamp .moment-{name}").bounding_box()["width"] > 60
            assert all(plain.locator("main .tab").nth(n).is_visible() for n in range(plain.locator(".tab").count()))
            assert (
                not plain.locator("[data-filters]").first.is_visible() if plain.locator("[data-filters]").count() else 1
            )


def test_without_the_script_itself_nothing_is_hidden(browser, sites):
    """JavaScript is on, but the file did not come: a proxy, a blocker, a copy of one page."""
    with watched(browser) as one:
        one.page.route("**/site.*.js", lambda route: route.abort())
        page = one.open(sites["es"] / "channels/linkedin_ads/index.html")
        tabs = page.locator("main .tab")
        assert tabs.count() > 1
        assert all(tabs.nth(n).is_visible() for n in range(tabs.count()))
        assert all(tabs.nth(n).locator(".tab-title").is_visible() for n in range(tabs.count()))
        assert not page.locator(".tabs-bar").first.is_visible()


def test_the_chosen_theme_is_there_before_the_page_is_drawn(browser, sites):
    """The first paint has it: a page that opens white in a dark room is what readers complain of."""
    with watched(browser, color_scheme="light") as one:
        page = one.open(sites["es"] / "index.html")
        page.locator("[data-tools] button").click()
        one.page.add_init_script(
            "new MutationObserver((_, seen) => { if (document.body) { window.first = "
            "document.documentElement.dataset.theme; seen.disconnect(); } })"
            ".observe(document, { childList: true, subtree: true })"
        )
        page.reload()
        assert page.evaluate("window.first") == "dark"


def test_sorting_and_filtering(browser, sites):
    with watched(browser) as one:
        page = one.open(sites["es"] / "key-results/index.html")
        table = page.locator("table.krs")
        table.get_by_role("button", name="Ahora").click()
        values = table.locator("td.c-now").evaluate_all("cells => cells.map(cell => cell.dataset.v)")
        numbers = [float(value) for value in values if value]
        assert numbers == sorted(numbers)
        assert values[-1] == ""
        assert table.locator("th[aria-sort=ascending]").count() == 1
        page.get_by_label("Equipo").select_option("content")
        teams = table.locator("tbody tr:visible").evaluate_all("rows => rows.map(row => row.dataset.team)")
        assert teams
        assert set(teams) == {"content"}
        assert page.evaluate("location.hash") == "#team=content"
        page.reload()
        assert table.locator("tbody tr:visible").count() == len(teams)
        assert one.problems == []


def test_filters_answer_within_a_tenth_of_a_second(browser, sites):
    with watched(browser) as one:
        page = one.open(sites["es"] / "key-results/index.html")
        took = page.evaluate(
            """() => { const select = document.querySelector('select[name=team]'); select.value = 'content';
            const start = performance.now(); select.dispatchEvent(new Event('change'));
            document.body.offsetHeight; return performance.now() - start; }"""
        )
        assert took < 100


def test_theme_search_and_tooltip(browser, sites):
    with watched(browser, color_scheme="light") as one:
        page = one.open(sites["es"] / "key-results/linkedin_leads_up/index.html")
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="Claro u oscuro").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
        page.get_by_role("searchbox").fill("incorporacion")
        page.locator(".search-results a").first.wait_for()
        assert "incorporación" in page.locator(".search-results").inner_text().lower()
        # two quarters may have a key result of one name: the period tells them apart
        assert "2026-Q4" in page.locator(".search-results li").first.inner_text()
        page.keyboard.press("Escape")
        chart = page.locator(".kr-chart")
        box = chart.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 100)
        lines = page.locator(".tip").first.locator("p").all_inner_texts()
        rows = page.locator("figure .numbers").first.text_content()
        day, value = lines[0], lines[1].split(": ")[1]
        assert day in rows
        assert value in rows
        assert one.problems == []


def test_the_keyboard_reaches_every_link_and_sees_where_it_is(browser, sites):
    with watched(browser) as one:
        page = one.open(sites["es"] / "index.html")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        reached = set()
        for _ in range(150):
            page.keyboard.press("Tab")
            tag, href, outline = page.evaluate(
                """() => { const at = document.activeElement;
                return [at.tagName, at.getAttribute('href'), getComputedStyle(at).outlineStyle]; }"""
            )
            if tag == "BODY":
                break
            assert outline != "none", href
            reached.add(href)
        # what is folded away is reached once its summary is opened
        links = set(
            page.locator("main a:visible").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        )
        assert links <= reached


def test_the_keyboard_opens_presets_and_numbers(browser, sites):
    """Presets by arrows; the numbers of a chart by Enter on their summary, then scrolled in place."""
    with watched(browser) as one:
        page = one.open(sites["es"] / "channels/linkedin_ads/index.html")
        page.get_by_role("tab", name="28 días").focus()
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", name="7 días").get_attribute("aria-selected") == "true"
        assert page.locator(".tab:visible").count() == 1
        summary = page.locator(".tab:visible .numbers summary").first
        table = page.locator(".tab:visible .numbers table").first
        assert not table.is_visible()
        for _ in range(40):
            page.keyboard.press("Tab")
            if summary.evaluate("node => node === document.activeElement"):
                break
        page.keyboard.press("Enter")
        assert table.is_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "scroll"
        assert one.problems == []


def longer(text: str) -> str:
    """With two fifths more letters, as other languages may need."""
    return text + " " + ("lorem ipsum " * len(text))[: max(len(text) * 2 // 5, 2)].strip()


def pseudo_catalogue() -> bytes:
    made = Catalog(locale="en")
    for folder in (SHIPPED, REPORTS / "translations"):
        with (folder / "es.po").open("rb") as lines:
            for one in read_po(lines):
                if one.id:
                    plural = not isinstance(one.id, str)
                    made.add(one.id, [longer(text) for text in one.id] if plural else longer(one.id))
    out = io.BytesIO()
    write_po(out, made)
    return out.getvalue()


OUTSIDE = """() => [...document.querySelectorAll('main :is(.status, .big-number, .count, h1, h2, .figure-title)')]
    .filter(one => one.offsetParent && !one.closest('.scroll') && one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.textContent)"""


def test_words_two_fifths_longer_stay_inside(browser, english_snapshot, tmp_path):
    shutil.copytree(REPORTS, tmp_path / "reports")
    (tmp_path / "reports/translations/en.po").write_bytes(pseudo_catalogue())
    site = build_site(english_snapshot, tmp_path / "reports", tmp_path / "site").out_dir
    assert "lorem" in (site / "index.html").read_text(encoding="utf-8")
    for width in (320, 1366):
        with watched(browser, width=width, height=844) as one:
            for path in PAGES:
                page = one.open(site / path)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                assert page.evaluate(OUTSIDE) == [], (path, width)


MOVED = """() => new Promise(done => {
  new PerformanceObserver(list => done(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
    .observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(0), 0));
})"""


def test_targets_are_large_enough(browser, sites):
    """WCAG 2.5.8: 24 px, links inside text excepted."""
    with watched(browser, width=390, height=844) as one:
        page = one.open(sites["es"] / "index.html")
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, select, input, summary, .menu a, .menu-open')]
            .filter(e => e.offsetParent).map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])
            .filter(pair => pair[1] < 24)"""
        )
        assert small == []


def test_an_old_page_says_its_age(browser, sites):
    with watched(browser) as one:
        one.page.clock.install(time="2026-11-26T08:00:00Z")
        page = one.open(sites["es"] / "index.html")
        assert "hace 3 días" in page.locator(".stamp").inner_text()
        one.page.clock.set_fixed_time("2026-11-23T09:00:00Z")
        page.reload()
        assert "hace" not in page.locator(".stamp").inner_text()


def test_nothing_moves_while_a_page_opens(browser, sites):
    """Neither its age nor tabs, filters and search boxes: Lighthouse counts what moves above 0.1 against a page."""
    with watched(browser, width=412, height=823) as one:
        one.page.clock.install(time="2026-11-26T08:00:00Z")
        for path in PAGES:
            page = one.open(sites["es"] / path)
            assert page.evaluate(MOVED) < 0.02, path


def test_paper_shows_the_content_and_cuts_no_chart(browser, sites, tmp_path):
    with watched(browser) as one:
        page = one.open(sites["es"] / "channels/linkedin_ads/index.html")
        page.emulate_media(media="print")
        assert not page.locator(".menu").is_visible()
        assert not page.locator(".tools").is_visible()
        tabs = page.locator(".tab")
        assert all(tabs.nth(n).is_visible() for n in range(tabs.count()))
        rules = page.locator("figure").evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")
        heights = page.locator("figure").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
        assert set(rules) == {"avoid"}
        # A4 less its margins is about 1,000 px high
        assert max(heights) < 1000
        assert page.pdf(format="A4").startswith(b"%PDF")
        # one who reads in the dark prints on white all the same
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        ink = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
        assert page.evaluate(ink).strip() == "#3949ab"


def test_long_words_and_another_direction_stay_inside(browser, tmp_path):
    snapshot = write_snapshot(tmp_path / "okr.duckdb", language="ar", locale="ar-EG", payload="كلمة" * 30 + "x" * 90)
    site = build_site(snapshot, REPORTS, tmp_path / "site").out_dir
    with watched(browser, width=390, height=844) as one:
        for path in ("index.html", "objectives/grow_pipeline/index.html", "key-results/linkedin_leads_up/index.html"):
            page = one.open(site / path)
            keep(page, path, "rtl")
            assert page.evaluate("document.documentElement.dir") == "rtl"
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
