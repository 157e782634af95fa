"""What a digest says, to whom, and that texts of other people stay texts."""

from __future__ import annotations

import re
import zlib
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from okr_reports.deliveries import digest_charts
from okr_reports.deliveries.digest import compose
from okr_reports.deliveries.digest_facts import next_check_in
from okr_reports.errors import DeliveryError

SITE = "https://okr.example.com/"
TEMPLATES = Path(digest_charts.__file__).parent / "templates"


class Page(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def values(self, tag, attribute):
        return [attributes.get(attribute) for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def paid_social(okr_copy):
    (digest,) = compose(okr_copy, team="paid_social", site_url=SITE)
    return digest


def test_one_digest_for_each_team_with_a_running_objective(okr_copy):
    assert [digest.team for digest in compose(okr_copy)] == ["content", "paid_social"]


def test_both_forms_say_what_changed_and_what_needs_attention(paid_social):
    page = Page(paid_social.html).text
    for words in (
        "1 con retraso, 1 en riesgo, 1 sin datos, 1 sobre una fuente sin actualizar",
        "Más formularios",
        "Con retraso · 350, objetivo 1.000",
        "En riesgo → Con retraso (peor); 280 → 350 (+70); la cifra de aquel día es ahora 304",
        "reason of self_service",
        "LinkedIn Ads Acme US ha fallado desde el 19 nov 2026: no exchange rate for USD on 2026-11-19",
        "Alimenta: cost_down",
        "Sin seguimiento desde el 16 nov 2026:",
        "Ana, 23 nov: El anuncio nuevo funciona.",
        "datos hasta el 22 nov 2026",
        "Al ritmo actual: 620 al final; probabilidad de llegar al objetivo: 1 de cada 20.",
        "frente a las cuatro semanas anteriores: Retargeting +48",
    ):
        assert words in page
        assert words in " ".join(paid_social.text.split())
    for mail in (paid_social.html, paid_social.text):
        assert f"{SITE}key-results/cost_down/index.html#check-in" in mail


def test_who_has_not_checked_in_is_named_once_with_the_last_time(paid_social):
    section = paid_social.text.split("Seguimientos\n")[1]
    assert re.findall(r"^  (\w+)$", section, re.MULTILINE) == ["Luis"]
    assert "cost_down (último: 9 nov 2026)" in section
    assert "self_service (último: nunca)" in section
    assert "leads_up" not in section


def test_subject_and_week_are_those_of_the_check_in(paid_social):
    assert paid_social.week == "2026-W48"
    assert paid_social.subject == (
        "OKR de Publicidad en redes, seguimiento del lunes, 23 de noviembre de 2026: "
        "1 con retraso, 1 en riesgo, 1 sin datos, 1 sobre una fuente sin actualizar"
    )


def test_english_report_english_digest(make_company, tmp_path):
    (digest,) = compose(make_company("en-GB").write(tmp_path / "okr.duckdb"), team="paid_social")
    assert digest.subject.endswith(
        "check-in of Monday, 23 November 2026: 1 off track, 1 at risk, 1 no data, 1 on a late source"
    )
    assert "At risk → Off track (worse); 280 → 350 (+70)" in digest.text
    assert 'lang="en"' in digest.html


def test_charts_are_png_images_inside_the_mail(paid_social):
    shown = [source.removeprefix("cid:") for source in Page(paid_social.html).values("img", "src")]
    assert sorted(shown) == sorted(paid_social.images)
    assert len(shown) == 2
    assert all(image.startswith(b"\x89PNG") and len(image) < 20_000 for image in paid_social.images.values())
    assert [" ".join(text.split()) for text in Page(paid_social.html).values("img", "alt")] == [
        "Con retraso: 35 % del camino, 58 % esperado", "En riesgo: 50 % del camino, 58 % esperado",
    ]  # fmt: skip


def test_charts_are_dark_in_a_dark_mail_and_their_lines_take_no_verdict(paid_social):
    """Nothing is painted behind the lines, and each is seen on both papers (WCAG 1.4.11: 3:1)."""
    for image in paid_social.images.values():
        at = image.index(b"IDAT")
        pixels = zlib.decompress(image[at + 4 : at + 4 + int.from_bytes(image[at - 4 : at], "big")])
        assert pixels[1:5] == bytes(4)
    papers = ("#ffffff", "#1f232a")
    assert all(f"background: {paper}" in read_css() for paper in papers)
    for line in (digest_charts.ACTUAL, digest_charts.PACE, digest_charts.FRAME):
        assert all(contrast(line, paper) >= 3 for paper in papers), line
    # a movement has no colour; the status it led to has
    assert re.findall(r'class="(?:off|on)_track"[^>]*>[^<▲▼◆]*→', paid_social.html) == []


def read_css() -> str:
    return "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("digest.css", "digest_screens.css"))


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_the_short_form_for_chat_has_a_line_for_each_thing(paid_social):
    assert [" ".join(line.split()) for line in paid_social.brief.splitlines()] == [
        "seguimiento del lunes, 23 de noviembre de 2026 · datos hasta el 22 nov 2026",
        "▼ Más formularios: Con retraso · 35 % del camino, 58 % esperado",
        "◆ cost_down: En riesgo · 50 % del camino, 58 % esperado",
        "! LinkedIn Ads Acme US ha fallado desde el 19 nov 2026: no exchange rate for USD on 2026-11-19",
        "Sin seguimiento desde el 16 nov 2026: Luis",
        f"→ Luis, cost_down: {SITE}key-results/cost_down/index.html#check-in",
        f"→ Luis, self_service: {SITE}key-results/self_service/index.html#check-in",
        SITE + "teams/paid_social/index.html",
    ]


def test_links_go_to_the_pages_of_the_site(paid_social):
    links = Page(paid_social.html).values("a", "href")
    assert {SITE + "key-results/leads_up/index.html", SITE + "teams/paid_social/index.html", SITE} <= set(links)
    assert all(link.startswith(SITE) for link in links)


def test_without_a_site_nothing_is_a_link(okr_copy):
    (digest,) = compose(okr_copy, team="content")
    assert Page(digest.html).values("a", "href") == []
    assert "http" not in digest.text


def test_styles_are_inline_and_nothing_runs_or_is_fetched(paid_social):
    page = Page(paid_social.html)
    assert {"script", "link", "iframe"} & {tag for tag, _ in page.elements} == set()
    (screens,) = re.findall(r"<style[^>]*>(.*?)</style>", paid_social.html, re.S)
    assert re.sub(r"@media [^{]+\{(\s*[^{}]+\{[^{}]*\})+\s*\}", "", screens).strip() == ""
    assert "url(" not in screens
    assert "@import" not in screens
    assert sum("style" in attributes for _, attributes in page.elements) > 20
    assert len(paid_social.html) < 100_000  # Gmail cuts longer ones


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_paper_white_and_on_dark_wide_and_narrow(paid_social, scheme):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(color_scheme=scheme)
        page.set_content(paid_social.html)
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"], "resultTypes": ["violations"], "preload": False}
        assert [one["id"] for one in Axe().run(page, options=rules).response["violations"]] == []
        for width, beside in ((600, True), (390, False), (320, False)):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            numbers, chart = (page.locator(".half").nth(place).bounding_box() for place in (0, 1))
            assert (numbers["y"] == chart["y"]) is beside, width
        browser.close()


def test_the_same_copy_gives_the_same_bytes(okr_copy):
    assert compose(okr_copy, site_url=SITE) == compose(okr_copy, site_url=SITE)


def test_an_old_report_says_so_and_prepares_the_coming_check_in(okr_copy):
    (digest,) = compose(okr_copy, team="content", today=date(2026, 11, 27))
    assert "El informe no se actualiza desde el 23 nov 2026." in digest.text
    assert digest.week == "2026-W49"
    assert "El informe no se actualiza" not in compose(okr_copy, team="content")[0].text


@pytest.mark.parametrize(
    ("today", "day", "expected"),
    [
        (date(2026, 11, 23), "monday", date(2026, 11, 23)),
        (date(2026, 11, 20), "monday", date(2026, 11, 23)),
        (date(2026, 12, 30), "friday", date(2027, 1, 1)),
    ],
)
def test_the_next_check_in_may_be_today(today, day, expected):
    assert next_check_in(today, day) == expected


def test_an_unknown_team_is_answered_with_the_nearest(okr_copy):
    with pytest.raises(DeliveryError, match="did you mean paid_social"):
        compose(okr_copy, team="paid_socal")


def test_without_a_copy_the_next_step_is_named(tmp_path):
    copy = tmp_path / "okr.duckdb"
    with pytest.raises(DeliveryError, match="run `okr refresh` first"):
        compose(copy)
    duckdb.connect(copy).close()
    with pytest.raises(DeliveryError, match="holds no marts; run `okr refresh`"):
        compose(copy)
    copy.write_text("no database")
    with pytest.raises(DeliveryError, match="cannot be read"):
        compose(copy)


def test_texts_of_other_people_stay_texts(make_copy, hostile_titles, tmp_path):
    plain = make_copy()
    hostile = make_copy()
    for copy, titles in ((plain, ["Leads"] * len(hostile_titles)), (hostile, hostile_titles)):
        copy.context("en-GB", organisation=_storable(titles[0]))
        copy.objective("o", "team", title=_storable(titles[1]), team_title=_storable(titles[2]))
        for number, title in enumerate(map(_storable, titles)):
            copy.key_result(
                f"k{number}", "o", "off_track", share=0.3, days=3, title=title, owner=title, status_reason=title,
                last_check_in_note=title, last_check_in_by=title, disagreement=title, last_check_in=None,
            )  # fmt: skip
    (expected,) = compose(plain.write(tmp_path / "plain.duckdb"), site_url=SITE)
    (digest,) = compose(hostile.write(tmp_path / "hostile.duckdb"), site_url=SITE)
    kinds = [(tag, sorted(attributes)) for tag, attributes in Page(digest.html).elements if tag != "li"]
    assert set(map(str, kinds)) == {str((t, sorted(a))) for t, a in Page(expected.html).elements if t != "li"}
    assert all(link.startswith(SITE) for link in Page(digest.html).values("a", "href"))
    assert "{{7*7}}" in digest.text
    assert "49" not in digest.text.replace("k49", "")
    assert "%(progress)s" in digest.text
    # every line of the text is one of ours: none begins with what a title wanted to begin a line with
    assert [line for line in digest.text.splitlines() if re.match(r"\s*(bcc|cc|to|rcpt|mail from):", line, re.I)] == []
    assert "\n" not in digest.subject
    assert len(digest.subject) <= 200


def _storable(title: str) -> str:
    """DuckDB holds UTF-8: an unpaired surrogate cannot come from it."""
    return title.encode("utf-8", "replace").decode()
