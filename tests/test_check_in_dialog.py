"""The dialog of `okr check-in`: what it asks, what it offers, what it asks again."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from okr_reports import okrs
from okr_reports.cli import main
from tests.okrs.conftest import BASE
from tests.support import OKR

TOLD = """\
check_ins:
- {date: 2026-11-16, key_result: base_days, author: Ana, confidence: 0.7, value: 3.5, note: Half way}
- {date: 2026-11-09, key_result: base_days, author: Ana, confidence: 0.2, value: 4}
- {date: 2026-11-16, key_result: base_done, met: false}
"""


@pytest.fixture
def definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "okr_definitions"
    folder.mkdir()
    (folder / "base.yml").write_text(BASE, encoding="utf-8")
    (folder / "told.yml").write_text(TOLD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    return folder


def said(definitions: Path, key_result: str, *lines: str) -> tuple[str, list[str]]:
    """What the dialog printed, and the lines of the check-in it wrote."""
    result = CliRunner().invoke(main, ["check-in", key_result], input="".join(f"{line}\n" for line in lines))
    assert result.exit_code == 0, result.output
    assert okrs.check(definitions)[0] is not None
    written = (definitions / "check_ins" / f"2026-11-23_{key_result}.yml").read_text(encoding="utf-8")
    return result.output, [line.strip() for line in written.splitlines()[4:] if "author" not in line]


def test_enter_confirms_the_numbers_said_last_and_repeats_no_words(definitions: Path) -> None:
    printed, written = said(definitions, "base_days", "", "", "", "Call Pau")
    assert "[0.7]" in printed
    assert "[3.5]" in printed
    assert written == ["confidence: 0.7", 'next: "Call Pau"', "value: 3.5"]


def test_evidence_is_asked_for_where_it_is_needed(definitions: Path) -> None:
    printed, written = said(definitions, "base_grade", "", "70%", "many", "3", "", "")
    assert "5 users" in printed
    assert "`many` stands where a whole number belongs" in printed
    assert written == ["grade: 70%", "evidence: 3"]


def test_an_answer_that_cannot_be_read_is_asked_again_at_once(definitions: Path) -> None:
    printed, written = said(definitions, "base_days", "high", "80%", "three", "2", "Nearly there", "")
    assert "`high` stands where a number belongs" in printed
    assert "`three` stands where a number belongs" in printed
    assert written == ["confidence: 80%", 'note: "Nearly there"', "value: 2"]


def test_a_day_to_come_is_refused_before_anything_is_asked(definitions: Path) -> None:
    terminal, standard_input = pty.openpty()
    try:
        os.write(terminal, b"\n" * 10)
        command = [OKR, "check-in", "base_days", "--date", "2026-11-24"]
        answer = subprocess.run(command, stdin=standard_input, capture_output=True, text=True)
    finally:
        os.close(terminal)
        os.close(standard_input)
    assert answer.returncode == 1
    assert "2026-11-24 is yet to come, today is 2026-11-23" in answer.stderr
    assert answer.stdout == ""


def test_each_type_is_asked_for_its_own(definitions: Path) -> None:
    printed, written = said(definitions, "base_steps", "", "won", "one, two", "", "")
    assert "one, two" in printed
    assert "there is no milestone `won`; " in printed
    assert written == ['done: ["one", "two"]']
    printed, written = said(definitions, "base_done", "", "maybe", "yes", "", "")
    assert "[no]" in printed
    assert "is neither yes nor no" in printed
    assert written == ["met: true"]
