"""docs/trust.md and SECURITY.md name tests that are there, and every threat has one."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT

NAMED = re.compile(r"`(tests/[\w./-]+)(?:::(\w+))?`")
PAGES = ("docs/trust.md", "SECURITY.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_is_there(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    assert len(named) > 12
    for path, name in named:
        assert (ROOT / path).exists(), path
        if name:
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_each_of_the_eighteen_threats_has_a_test_and_a_figure() -> None:
    rows = re.findall(
        r"(?m)^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", (ROOT / "docs/trust.md").read_text(encoding="utf-8")
    )
    assert [int(row[0]) for row in rows] == list(range(1, 19))
    for number, _, figure, tests in rows:
        assert NAMED.search(tests), number
        assert figure.strip()


def test_what_is_ignored_by_the_audit_is_justified() -> None:
    for line in (ROOT / "audit-ignored.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"(GHSA|PYSEC|CVE)-\S+ .{20,}", line), line
