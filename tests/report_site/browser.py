"""One Chromium for the browser tests; Debian's, as users have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page with everything it did that it must not do."""

    page: Page
    dialogs: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def forget(self, request: Request) -> None:
        if request.failure == "csp" and request.url in self.requests:
            self.requests.remove(request.url)

    def open(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        return self.page


@contextmanager
def watched(browser: Browser, width: int = 1366, height: int = 768, **options: Any) -> Iterator[Watched]:
    """A page whose dialogs, console errors, script errors and requests beyond the disk are kept."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    one = Watched(context.new_page())
    page = one.page
    page.on("dialog", lambda dialog: (one.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: message.type == "error" and one.problems.append(message.text))
    page.on("pageerror", lambda error: one.problems.append(str(error)))
    page.on("request", lambda request: request.url.startswith("file:") or one.requests.append(request.url))
    # what the content policy stopped never left the browser
    page.on("requestfailed", one.forget)
    yield one
    context.close()
