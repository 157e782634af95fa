"""Pages as PDF, printed by the Chromium of the machine with the site's own print style."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from pipelines.errors import PublishError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--run-all-compositor-stages-before-draw",
)  # fmt: skip
SECONDS = 60


def write_pdf(release: Path, route: str, target: Path) -> Path:
    """Print one page of a built site, by its route such as `objectives/grow_pipeline`, to the file `target`.

    Raises PublishError when there is no such page, no Chromium, or it does not print within a minute.
    """
    page = (release / route / "index.html").resolve()
    if not page.is_relative_to(release.resolve()) or not page.is_file():
        raise PublishError(f"{route!r}: there is no such page in {release}; name one such as objectives/<id>")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise PublishError("printing needs Chromium, and there is none on PATH; install it (apt-get install chromium)")
    shown = route.strip("/") or "the overview"
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        # the page is ours and opened from disk; a container's root user cannot have Chromium's sandbox
        command = [
            browser,
            *FLAGS,
            "--no-sandbox",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={target}",
            page.as_uri(),
        ]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise PublishError(f"{shown}: Chromium did not print within {SECONDS} s; try again") from None
    if answer.returncode or not target.is_file():
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1].rpartition("] ")[2]
        todo = "name another file, or open the page and print it by hand"
        raise PublishError(f"{shown}: Chromium could not print it to {target} ({last}); {todo}")
    return target
