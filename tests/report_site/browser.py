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


AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    # it would fetch the style sheet, which the content policy rightly refuses
    "preload": False,
}


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


def overlapping(page: Page) -> list[str]:
    """Pairs of seen texts, charts' own left out, one of which is drawn over the other."""
    return page.evaluate(OVERLAPPING)


# The middle three fifths of each line's box: tight lines touch without being drawn over each other.
OVERLAPPING = """() => {
  const unseen = new Map([[document.documentElement, false]]);
  const hidden = one => {
    if (!unseen.has(one)) {
      const style = getComputedStyle(one), tiny = style.overflow !== 'visible' && one.clientWidth <= 2;
      unseen.set(one, one.closest('svg') || style.clipPath !== 'none' || tiny || hidden(one.parentElement));
    }
    return unseen.get(one);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), boxes = [];
  while (texts.nextNode()) {
    const text = texts.currentNode, holder = text.parentElement;
    if (!text.data.trim() || !holder.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (hidden(holder)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const { left, right, top, height } of range.getClientRects())
      boxes.push({ left, right, top: top + height * .2, bottom: top + height * .8, text });
  }
  boxes.sort((one, other) => one.top - other.top);
  const found = [];
  boxes.forEach((one, place) => {
    for (const other of boxes.slice(place + 1)) {
      if (other.top >= one.bottom) break;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - other.top;
      if (one.text !== other.text && across > 2 && down > 2) found.push(one.text.data + ' | ' + other.text.data);
    }
  });
  return found;
}"""
