"""Pages as one PDF, printed by the Chromium of the machine with the site's own print style.

Several pages become one document, each on paper of its own, with a list of them in front, which says at which page
each begins; links between them lead within it. Headings are bookmarks.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote

from okr_reports.errors import PublishError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--generate-pdf-document-outline",
    "--run-all-compositor-stages-before-draw",
)  # fmt: skip
# for the first page and for each further one
SECONDS, SECONDS_MORE = 60, 2
# no number has more digits, so that the list is as long before its numbers are known
UNKNOWN_PAGE = "0000"
MOST_PRINTS = 4
OVERVIEW = ("", "index", "overview")
LINK = re.compile(r'\b(href|src)="([^"]*)"')
ID = re.compile(r'\bid="([^"]+)"')
SCRIPT = re.compile(r"<script\b[^>]*></script>")
NAMED = re.compile(r'((?:\bid|\bfor|\baria-labelledby|\baria-controls)="|href="#|url\(#)([^")]+)')


def all_routes(release: Path) -> list[str]:
    """Every page of a built site in the order of its menu, what is not in the menu last."""
    found = [path.parent.relative_to(release).as_posix() for path in release.rglob("index.html")]
    menu = _between((release / "index.html").read_text(encoding="utf-8"), '<nav class="menu"', "</nav>")
    places = {_chapter(address[2]): place for place, address in reversed(list(enumerate(LINK.finditer(menu))))}
    routes = ["" if route == "." else route for route in found]
    return sorted(routes, key=lambda route: (places.get(_chapter(route), len(places)), route))


def _chapter(route: str) -> str:
    """The top folder of a route or of a link from the overview; '' for the overview itself."""
    return route.removesuffix("index.html").strip("/").partition("/")[0]


def write_pdf(release: Path, routes: Sequence[str], target: Path) -> Path:
    """Print pages of a built site, by routes such as `objectives/grow_pipeline` ('' is the overview), to one file.

    Raises PublishError when there is no such page, no Chromium, or it does not print in time.
    """
    pages = {route: _page(release, route) for route in routes}
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise PublishError("printing needs Chromium, and there is none on PATH; install it (apt-get install chromium)")
    shown = f"{len(pages)} pages" if len(pages) > 1 else routes[0].strip("/") or "the overview"
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        profile, seconds = Path(folder) / "profile", SECONDS + SECONDS_MORE * len(pages)
        if len(pages) == 1:
            _print(browser, profile, next(iter(pages.values())), target, seconds, shown)
            return target
        printed, numbers = Path(folder) / "pages.html", dict[str, int]()
        # Chromium knows no target-counter: the first print says where pages begin, the second has it in its list
        for _ in range(MOST_PRINTS):
            printed.write_text(_one_document(release.resolve(), pages, numbers), encoding="utf-8")
            _print(browser, profile, printed, target, seconds, shown)
            before, numbers = numbers, _first_pages(target)
            if numbers == before:
                return target
    raise PublishError(f"{shown}: its pages begin elsewhere in each of {MOST_PRINTS} prints; print fewer pages")


def _first_pages(document: Path) -> dict[str, int]:
    """The page at which each target of the document's links stands, from 1."""
    from pypdf import PdfReader

    reader = PdfReader(document)
    found = reader.named_destinations.items()
    pages = {name.removeprefix("/"): reader.get_destination_page_number(target) for name, target in found}
    return {name: int(number) + 1 for name, number in pages.items() if number is not None}


def _page(release: Path, route: str) -> Path:
    page = (release / ("" if route in OVERVIEW else route.strip("/")) / "index.html").resolve()
    if not page.is_relative_to(release.resolve()) or not page.is_file():
        raise PublishError(f"{route!r}: there is no such page in {release}; name one such as objectives/<id>")
    return page


def _print(browser: str, profile: Path, page: Path, target: Path, seconds: float, shown: str) -> None:
    # the page is ours and opened from disk; a container's root user cannot have Chromium's sandbox
    ways = ["--no-sandbox", f"--user-data-dir={profile}", f"--print-to-pdf={target}", f"--timeout={seconds * 1000:.0f}"]
    if target.is_file():
        target.unlink()
    try:
        answer = subprocess.run(
            [browser, *FLAGS, *ways, page.as_uri()], capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise PublishError(f"{shown}: Chromium did not print within {seconds:.0f} s; print fewer pages") from None
    if answer.returncode or not target.is_file():
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1].rpartition("] ")[2]
        todo = "name another file, or open the page and print it by hand"
        raise PublishError(f"{shown}: Chromium could not print it to {target} ({last}); {todo}")


def _one_document(release: Path, pages: Mapping[str, Path], numbers: Mapping[str, int]) -> str:
    """The pages as one; `numbers` says at which printed page each place begins, as far as that is known."""
    places = {path: f"page-{number}" for number, path in enumerate(pages.values())}
    texts = {path: path.read_text(encoding="utf-8") for path in places}
    first = texts[next(iter(texts))]
    head = re.search(r"<html[^>]*>", first)
    assert head is not None
    styles = [
        f'<link rel="stylesheet" href="{escape((next(iter(texts)).parent / found).resolve().as_uri())}">'
        for found in re.findall(r'<link rel="stylesheet" href="([^"]*)">', first)
    ]
    body = first.index("<body")
    # up to the main part: the shapes of the statuses, which all pages use, and the line at the top
    sprite = first[first.index(">", body) + 1 : first.index('<a class="skip"')]
    top = _rewritten(_between(first, '<header class="top">', '<div class="tools"'), next(iter(texts)), places, "")
    titles = {
        path: unescape(_between(text, "<title>", "</title>").rpartition(" · ")[0]) for path, text in texts.items()
    }
    listed = _contents([(route, places[path], titles[path]) for route, path in pages.items()], numbers)
    mains = {
        path: SCRIPT.sub("", _between(text, '<main id="content" tabindex="-1">', "</main>"))
        for path, text in texts.items()
    }
    parts = [
        f'<section class="page-break" id="{place}">{_rewritten(mains[path], path, places, place)}</section>'
        for path, place in places.items()
    ]
    return (
        f'<!doctype html>{head[0]}<head><meta charset="utf-8"><title>{escape(next(iter(titles.values())))}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src file:; img-src file:">'
        f'{"".join(styles)}</head><body>{sprite}<header class="top">{top}</header>'
        f'<main><ul class="pdf-contents">{listed}</ul>{"".join(parts)}</main></body></html>'
    )


def _contents(pages: Sequence[tuple[str, str, str]], numbers: Mapping[str, int]) -> str:
    """The list in front: chapters, each with its pages. `pages` are (route, place, title)."""
    chapters = []
    for _, group in groupby(pages, key=lambda page: _chapter(page[0])):
        lines = [
            f'<a href="#{place}">{escape(title)}<span class="pdf-page">{numbers.get(place, UNKNOWN_PAGE)}</span></a>'
            for _, place, title in group
        ]
        below = "".join(f"<li>{line}</li>" for line in lines[1:])
        chapters.append(f"<li>{lines[0]}{f'<ul>{below}</ul>' if below else ''}</li>")
    return "".join(chapters)


def _between(text: str, start: str, end: str) -> str:
    at = text.index(start) + len(start)
    return text[at : text.index(end, at)]


def _rewritten(html: str, path: Path, places: Mapping[Path, str], place: str) -> str:
    """The HTML of one page within the document: its names are made its own, its links lead where they did."""
    own = set(ID.findall(html)) if place else set()

    def named(match: re.Match[str]) -> str:
        return f"{match[1]}{place}-{match[2]}" if match[2] in own else match[0]

    def linked(match: re.Match[str]) -> str:
        address = unescape(match[2])
        if re.match(r"[a-z]+:", address) or address.startswith("#") or not address:
            return match[0]
        target, _, anchor = address.partition("#")
        there = Path(posixpath.normpath(path.parent / unquote(target)))
        if match[1] == "src":
            return f'src="{escape(there.as_uri())}"'
        if there not in places:
            return ""
        return f'href="#{places[there]}{f"-{escape(anchor)}" if anchor else ""}"'

    return LINK.sub(linked, NAMED.sub(named, html))
