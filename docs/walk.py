"""Make docs/walk.md and its pictures: what a newcomer types and sees, as it is today (`make walk`).

The commands are run and the pages photographed in Debian's chromium, with the demo's channels from the local sandbox,
in a folder that is removed after it. `OKR_TODAY` is the demo's day, so that two runs give the same text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

DOCS = Path(__file__).parent
PICTURES = DOCS / "walk"
OKR = Path(sys.executable).with_name("okr")
DESK, PHONE = (1366, 800), (390, 844)


@dataclass(frozen=True)
class View:
    """One picture: a page of the site, what is scrolled to, and how it is looked at."""

    name: str
    page: str
    caption: str
    at: str = ""
    size: tuple[int, int] = DESK
    dark: bool = False


DEMO = [
    View("overview", "index.html", "The first screen: a verdict, the business, then what needs whom."),
    View("key-result", "{moved}", "A key result: how far it is, where it is likely to end, and what it is based on."),
    View(
        "why",
        "{moved}",
        "Why it moved: campaigns that add up to the move; then why this status, and the check-ins.",
        "p.lead:has-text('against')",
    ),
    View("review", "review/index.html", "The page for the weekly meeting, worst first."),
    View("check-in", "{moved}", "A check-in from a telephone: no shell, no YAML.", "#check-in", PHONE, dark=True),
    View("phone", "{moved}", "The key result on a telephone.", size=PHONE, dark=True),
    View("sources", "sources/index.html", "Can I trust it? Every source with the last day that it covers."),
]
OWN = [
    View("own", "channels/leads/index.html", "The file's own page, with its number, three commands after the download.")
]


def export(path: Path, today: date) -> None:
    """Ninety days of leads by campaign, as a sheet has them."""
    days = [today - timedelta(days=back) for back in range(90, 0, -1)]
    lines = [
        f"{day:%d/%m/%Y};{campaign};{12 + (day.toordinal() * step) % 9};{40 + (day.toordinal() * step) % 37},50"
        for day in days
        for campaign, step in (("Webinar", 5), ("Trade fair", 7))
    ]
    path.write_text("\n".join(["Date;Campaign;Leads;Spend (EUR)", *lines]) + "\n", encoding="utf-8")


def typed(arguments: list[str], folder: Path, show: str = "") -> str:
    """A command and what it printed, as a block of text. Raises where it fails."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [OKR, *arguments], cwd=folder, text=True, capture_output=True, check=True, env={**os.environ, "HOME": str(home)}
    )
    printed = re.sub(r"file://\S+/\.okr", "file:///…/.okr", done.stdout).replace(str(folder.parent), "…")
    return f"```console\n$ okr {show or ' '.join(arguments)}\n{printed.rstrip()}\n```\n"


def photographed(browser: Browser, site: Path, views: list[View]) -> Iterator[str]:
    """Each picture into PICTURES; its line of Markdown."""
    for view in views:
        context = browser.new_context(
            viewport={"width": view.size[0], "height": view.size[1]}, color_scheme="dark" if view.dark else "light"
        )
        page = context.new_page()
        page.goto((site / view.page).as_uri())
        _look_at(page, view.at)
        page.screenshot(path=PICTURES / f"{view.name}.jpg", type="jpeg", quality=72)
        context.close()
        yield f"**{view.caption}**\n\n![{view.caption}](walk/{view.name}.jpg)\n"


def _look_at(page: Page, selector: str) -> None:
    if selector:
        page.locator(selector).evaluate("node => { node.open = true; node.scrollIntoView({block: 'start'}); }")
        # Pages scroll smoothly.
        page.wait_for_timeout(500)


def moved(site: Path) -> str:
    """The first key result of the overview whose page says who moved its number."""
    overview = (site / "index.html").read_text(encoding="utf-8")
    places: list[str] = re.findall(r'href="(key-results/[^"#]+)', overview)
    pages = [place for place in places if place.count("/") > 1]
    return next(place for place in pages if "against the four weeks before" in (site / place).read_text("utf-8"))


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    today = os.environ["OKR_TODAY"]
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        folder = Path(scratch)
        parts = [
            "# A walk of two minutes\n",
            "Made by `make walk`: what is typed was run, what is shown was photographed.\n",
        ]
        parts.append("## The demo\n")
        parts.append(typed(["init", "demo"], folder))
        settings = folder / "demo" / "okr_definitions" / "settings.yml"
        settings.write_text(
            re.sub(r"locale: \S+", "locale: en-GB", settings.read_text(encoding="utf-8")), encoding="utf-8"
        )
        parts.append(typed(["sandbox", "--", str(OKR), "refresh"], folder / "demo", "sandbox -- okr refresh"))
        site = folder / "demo" / ".okr" / "site" / "current"
        place = moved(site)
        views = [View(**{**view.__dict__, "page": view.page.format(moved=place)}) for view in DEMO]
        parts += photographed(browser, site, views)
        parts.append("## A number of your own\n")
        parts.append(typed(["init", "--empty", "mine"], folder))
        export(folder / "mine" / "leads.csv", date.fromisoformat(today))
        for arguments in (["add", "leads.csv", "--yes"], ["refresh"]):
            parts.append(typed(arguments, folder / "mine"))
        parts += photographed(browser, folder / "mine" / ".okr" / "site" / "current", OWN)
        browser.close()
    (DOCS / "walk.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
