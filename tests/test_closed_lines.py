"""`okr check` of targets that were changed after their key result closed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from okr_reports import okrs
from okr_reports.commands.closed_lines import changed_after_close
from okr_reports.okrs.rows.parts import definition_of

DEFINITIONS = """
settings: {{organisation: Acme, locale: en-GB, timezone: UTC, currency: EUR}}
objectives:
  - id: o
    title: O
    owner: Ana
    period: 2026-Q3
    key_results:
      - {{id: k, title: {title}, type: increase, baseline: {baseline}, target: {target}}}
      - {{id: running, title: R, type: increase, baseline: 1, target: {target}}}
{more}
"""
REOPEN = "reopen: [{key_result: k, on: 2026-10-20, by: Eva, reason: counted twice}]"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({}, ""),
        ({"title": "Another"}, ""),
        ({"target": 8}, "`target`"),
        ({"baseline": 2}, "`baseline`"),
        ({"target": 8, "more": REOPEN}, ""),
    ],
)
def test_a_target_changed_after_the_close_is_said(tmp_path: Path, said: dict[str, object], written: str) -> None:
    folder, copy = tmp_path / "okr_definitions", tmp_path / "okr.duckdb"
    folder.mkdir()
    usual: dict[str, object] = {"title": "K", "baseline": 1, "target": 5, "more": ""}
    (folder / "all.yml").write_text(DEFINITIONS.format(**usual), encoding="utf-8")
    _, closed = next(one for one in okrs.read(folder).key_results() if one[1].id == "k")
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_key_result_final as select 'k' as key_result_id, '2026-Q3' as period,"
            " ?::date as closed_on, ? as definition, true as is_last",
            [date(2026, 10, 8), definition_of(closed)],
        )
    (folder / "all.yml").write_text(DEFINITIONS.format(**{**usual, **said}), encoding="utf-8")
    found = [str(one).partition("all.yml")[2] for one in changed_after_close(copy, okrs.read(folder))]
    expected = f":9: warning: {written} of `k` was changed after it closed on 2026-10-08, and counts for nothing; "
    assert [one.startswith(expected) for one in found] == ([True] if written else [])
