"""How findings name their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_reports.errors import Finding, quoted, shown_path


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A working directory that is also reached by a link, with a folder that lies elsewhere."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "real" / "reports").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "real")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("{}/real/a.yml", "a.yml"), ("a.yml", "a.yml"), ("{}/link/a.yml", "a.yml"),
        ("{}/real/reports/x.md", "reports/x.md"),
        ("reports/x.md", "reports/x.md"), ("../elsewhere/x.md", "../elsewhere/x.md"),
        ("{}/elsewhere/x.md", "{}/elsewhere/x.md"),
    ],
)  # fmt: skip
def test_a_path_is_shown_from_the_working_directory(workspace, given, shown):
    assert str(shown_path(Path(given.format(workspace)))) == shown.format(workspace)


def test_a_finding_shows_what_it_quotes_without_the_marks():
    finding = Finding("a.yml", 3, "error", f"has no column {quoted('date')}", f"did you mean {quoted('day')}?")
    assert str(finding) == "a.yml:3: error: has no column date; did you mean day?"
    assert finding == Finding("a.yml", 3, "error", "has no column date", "did you mean day?")
