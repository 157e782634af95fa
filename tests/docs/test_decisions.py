"""Each decision is one page with context, decision and consequences, under the next number, and the index lists it."""

from __future__ import annotations

import re

from tests.support import ROOT

FOLDER = ROOT / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ["Context", "Decision", "Consequences", "Figures"]


def test_numbers_follow_each_other():
    assert [path.name[:4] for path in PAGES] == [f"{number:04d}" for number in range(1, len(PAGES) + 1)]
    assert len(PAGES) >= 109


def test_each_page_says_why_what_and_what_follows():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        parts = re.findall(r"(?m)^## (.+)$", text)
        assert parts in (PARTS, PARTS[:3]), path.name
        assert all(body.strip() for body in re.split(r"(?m)^## .+$", text)[1:]), path.name


def test_the_index_lists_every_page_by_its_title():
    listed = re.findall(r"(?m)^- \[(.+)\]\((.+\.md)\)$", (FOLDER / "index.md").read_text(encoding="utf-8"))
    titles = [(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# "), path.name) for path in PAGES]
    assert sorted(listed, key=lambda entry: entry[1]) == titles


def test_pages_that_are_named_elsewhere_are_there():
    numbers = {path.name[:4] for path in PAGES}
    named = {
        number
        for folder in ("pipelines", "dbt_project", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".md", ".yml"}
        for number in re.findall(r"docs/decisions/(\d{4})", path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= numbers


def test_nothing_is_decided_in_the_pointer():
    assert "- **" not in (ROOT / "DECISIONS.md").read_text(encoding="utf-8"), "write it as a page in docs/decisions/"
