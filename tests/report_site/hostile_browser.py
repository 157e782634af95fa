"""Opens documents that may do anything, and tells what they did.

Many documents share a page, a frame each; hostile ones may crash or hang the browser that shows them. Then each
document of that page is opened again alone, in a browser of its own, and one that brings this down too is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Dialog, Error, Frame, Playwright, Request, async_playwright

from tests.report_site.browser import ARGUMENTS

FRAMES = 30
# for one page of frames; without a limit a script that never ends would hold the whole run
SECONDS = 60.0
# requests that stay within the browser
WITHIN = ("file:", "data:", "blob:", "about:")


@dataclass
class Seen:
    """What documents did that they must not do. `scripts`: elements that are in a document beside the site's own."""

    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    scripts: int = 0
    crashed: list[str] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        self.dialogs += other.dialogs
        self.requests += other.requests
        self.scripts += other.scripts
        self.crashed += other.crashed


class Crashed(Exception):
    """The browser went away or did not answer in time."""


def open_documents(pages: Sequence[Path], script: str, folder: Path, seconds: float = SECONDS) -> Seen:
    """Open each page in a frame, run `script` in it (its answer is the number of new scripts), and tell what happened.

    Runs in a thread of its own: a browser of another test may hold this one's event loop.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_open_documents(pages, script, folder, seconds))).result()


async def _open_documents(pages: Sequence[Path], script: str, folder: Path, seconds: float) -> Seen:
    seen = Seen()
    async with async_playwright() as playwright:
        browser = OneBrowser(playwright)
        for some in (pages[n : n + FRAMES] for n in range(0, len(pages), FRAMES)):
            try:
                seen.add(await browser.opened(some, script, folder, seconds))
            except Crashed:
                for page in some:
                    try:
                        seen.add(await browser.opened([page], script, folder, seconds))
                    except Crashed:
                        seen.crashed.append(str(page))
        await browser.close()
    return seen


class OneBrowser:
    """A browser that is replaced once a document has brought it down."""

    def __init__(self, playwright: Playwright) -> None:
        self.playwright = playwright
        self.browser: Browser | None = None

    async def opened(self, pages: Sequence[Path], script: str, folder: Path, seconds: float) -> Seen:
        """What these pages do, side by side. Raises Crashed."""
        host = folder / "host.html"
        frames = "".join(f'<iframe width=900 height=600 src="{escape(path.as_uri())}"></iframe>' for path in pages)
        host.write_text(f"<!doctype html>{frames}", encoding="utf-8")
        if self.browser is None:
            self.browser = await self.playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*ARGUMENTS])
        try:
            return await asyncio.wait_for(_attacked(self.browser, host, script), seconds)
        except (Crashed, TimeoutError) as error:
            await self.close()
            raise Crashed from error

    async def close(self) -> None:
        """End the browser, which may not answer any more."""
        if self.browser is not None:
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(self.browser.close(), 10)
        self.browser = None


async def _attacked(browser: Browser, host: Path, script: str) -> Seen:
    seen, gone = Seen(), asyncio.Event()
    context: BrowserContext = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()

    async def dismiss(dialog: Dialog) -> None:
        seen.dialogs.append(dialog.message)
        with suppress(Error):
            await dialog.dismiss()

    def sent(request: Request) -> None:
        if not request.url.startswith(WITHIN):
            seen.requests.append(request.url)

    def stopped(request: Request) -> None:
        # what the content policy stopped never left the browser
        if request.failure == "csp" and request.url in seen.requests:
            seen.requests.remove(request.url)

    page.on("dialog", dismiss)
    page.on("request", sent)
    page.on("requestfailed", stopped)
    page.on("crash", lambda _: gone.set())
    browser.on("disconnected", lambda _: gone.set())
    try:
        await page.goto(host.as_uri(), timeout=0)
    except Error as error:
        if gone.is_set() or not browser.is_connected():
            raise Crashed from error
        # a payload that gets through may lead the page away
    attacks = asyncio.gather(*(_attack_frame(frame, script) for frame in page.frames[1:]))
    leaving = asyncio.create_task(gone.wait())
    await asyncio.wait((attacks, leaving), return_when=asyncio.FIRST_COMPLETED)
    crashed = gone.is_set()
    leaving.cancel()
    if crashed:
        attacks.cancel()
        raise Crashed
    seen.scripts = sum(await attacks)
    await context.close()
    return seen


async def _attack_frame(frame: Frame, script: str) -> int:
    # a payload that gets through may lead its frame away in the middle of the attack
    with suppress(Error):
        return int(await frame.evaluate(script))
    return 0
