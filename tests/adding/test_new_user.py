"""From a downloaded export to its number on a page, as somebody does who has read nothing: an empty folder, an empty
home, and after each command what that command names as the next."""

from __future__ import annotations

import html
import re
import resource
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from tests.support import OKR, ROOT

EXPORTS = ROOT / "tests" / "data_exports"
# An export, the page that shows its number, the number as that page shows it (from 1,000 on without cents): the sum in
# expected.csv.
DOWNLOADS = (
    ("google_ads_day_de.csv", "kpis/google_ads_spend", "€1,344"),
    ("meta_day_es.csv", "kpis/meta_ads_spend", "€26.62"),
    ("hubspot_contacts_en.csv", "kpis/hubspot_contacts_contacts_created", "3"),
)


class Person:
    """Types into a shell, in a folder where nothing is, and keeps what was shown."""

    def __init__(self, folder: Path) -> None:
        (folder / "home").mkdir()
        self.folder, self.shown = folder, ""
        self.environment = {
            "PATH": f"{Path(OKR).parent}:/usr/bin:/bin", "HOME": str(folder / "home"), "LANG": "C.UTF-8",
            "OKR_TODAY": "2026-09-30",
        }  # fmt: skip

    def types(self, line: str) -> None:
        done = subprocess.run(
            shlex.split(line), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.shown = done.stdout

    def was_told(self, command: str) -> str:
        """The line that was shown and begins with that command, as a person would type it."""
        found = re.search(rf"^\s*(?:next: |.*, then )?({re.escape(command)}(?: [\w./-]+)?)(?:\s|$)", self.shown, re.M)
        assert found, f"nothing says {command!r}:\n{self.shown}"
        return found[1]


def text_of(page: Path) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.read_text(encoding="utf-8"))).split())


def test_a_downloads_number_is_on_a_page_after_what_each_command_names_next(tmp_path: Path) -> None:
    began, used = time.monotonic(), sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    person = Person(tmp_path)
    person.types("okr init --empty mine")
    person.folder = tmp_path / person.was_told("cd").removeprefix("cd ")
    add = person.was_told("okr add")
    for name, _, _ in DOWNLOADS:
        shutil.copy(EXPORTS / name, tmp_path / "home")
        person.types(add.replace("FILE", f"{tmp_path / 'home' / name} --yes"))
    person.types(person.was_told("okr refresh"))
    site = Path(re.search(r"file://(\S+)/index\.html", person.shown)[1])
    for name, page, number in DOWNLOADS:
        assert f"This quarter {number}" in text_of(site / page / "index.html"), name
    took = time.monotonic() - began
    processor = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - used
    print(f"{len(DOWNLOADS)} exports to their pages: {took:.0f} s by the clock, {processor:.0f} s of processor")
    # two minutes of a person, on a machine of its own
    assert processor < 120
    left = {path.name for path in (tmp_path / "home").iterdir()}
    assert left == {name for name, _, _ in DOWNLOADS}
