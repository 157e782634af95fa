"""What an edit will do is said before it is committed, and to who reviews it."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from okr_reports.cli import main
from okr_reports.okrs.changes import Known, changes
from okr_reports.okrs.reading import read_folder

BASE = """
settings: {currency: EUR, timezone: UTC}
periods: [{id: spring, start: 2026-04-01, end: 2026-06-30}]
kpis:
  - {id: leads, kind: flow, measure: leads, where: {channel: linkedin_ads}, unit: count}
objectives:
  - id: grow
    title: Grow
    period: spring
    key_results:
      - {id: leads_up, title: More leads, type: increase, kpi: leads, target: 276, weight: 1}
      - {id: launched, title: Launch, type: binary}
"""
TODAY = date(2026, 5, 11)
KNOWN = Known({"leads_up": 452.0}, {}, lambda kpi, start, end, pauses: 682.0)
CLOSED = Known(
    {"leads_up": 452.0}, {("leads_up", "spring"): date(2026, 7, 31), ("launched", "spring"): date(2026, 7, 8)}
)


def compared(tmp_path: Path, edited: str, known: Known = KNOWN) -> list[str]:
    definitions = []
    for name, text in (("before", BASE), ("after", edited)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "okrs.yml").write_text(text, encoding="utf-8")
        definitions.append(read_folder(tmp_path / name).definitions)
    return changes(definitions[0], definitions[1], TODAY, known)


def test_a_kpi_is_estimated_over_the_days_of_each_key_result(tmp_path):
    asked = []
    known = Known({"leads_up": 452.0}, {}, lambda kpi, *days: asked.append(days))
    own_days = "weight: 1, starts: 2026-04-15, pauses: [{from: 2026-05-01, to: 2026-05-03}]}"
    compared(tmp_path, BASE.replace("weight: 1}", own_days).replace("measure: leads", "measure: clicks"), known)
    assert asked == [(date(2026, 4, 15), date(2026, 5, 10), [(date(2026, 5, 1), date(2026, 5, 3))])]


def test_whose_target_a_plan_is_is_said(tmp_path):
    plan = "kpis:\n  - {id: plan, kind: flow, measure: leads, where: {channel: linkedin_ads}, unit: count}\n"
    edited = BASE.replace("kpis:\n", plan).replace("target: 276", "target: {kpi: plan}")
    (tmp_path / "was").mkdir()
    (tmp_path / "was" / "okrs.yml").write_text(edited, encoding="utf-8")
    (tmp_path / "now").mkdir()
    (tmp_path / "now" / "okrs.yml").write_text(
        edited.replace("plan, kind: flow, measure: leads", "plan, kind: flow, measure: clicks"), encoding="utf-8"
    )
    was, now = (read_folder(tmp_path / name).definitions for name in ("was", "now"))
    (said,) = changes(was, now, TODAY, KNOWN)
    assert said.endswith("leads_up takes its target from it")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "target: 276",
            "target: 300, reason: Budget cut",
            "key result `leads_up`: target 276 -> 300 from 2026-05-11 on",
        ),
        (
            "measure: leads",
            "measure: clicks",
            "KPI `leads`: measure leads -> clicks; a new version from 2026-05-11 on. 1 open key result computed anew"
            " over the whole period: leads_up 452 -> 682; 0 closed ones stay",
        ),
        ("channel: linkedin_ads", "channel: meta_ads", "where {channel: linkedin_ads} -> {channel: meta_ads}"),
        ("end: 2026-06-30", "end: 2026-07-31", "period `spring`: 2026-04-01 to 2026-06-30 -> 2026-04-01 to 2026-07-31"),
        ("period: spring", "period: 2026-Q3", "moved from spring to 2026-Q3 and begins anew there"),
        ("      - {id: launched, title: Launch, type: binary}\n", "", "key result `launched`: removed"),
        (
            "type: binary}",
            "type: binary}\n      - {id: more, title: More, type: binary}",
            "added to `grow` (spring), 44%",
        ),
        ("timezone: UTC", "timezone: UTC, success: {committed: 0.9}", "settings.success: nothing -> {committed: 0.9}"),
        ("weight: 1}", "weight: 2}", "key result `leads_up`: weight nothing -> 2.0; holds for its whole period"),
    ],
)
def test_an_edit_is_said_with_its_effect(tmp_path, old, new, said):
    assert any(said in line for line in compared(tmp_path, BASE.replace(old, new))), compared


@pytest.mark.parametrize(("old", "new"), [("title: Grow", "title: Growth"), ("target: 276", "target: 276.0")])
def test_what_moves_nothing_is_not_said(tmp_path, old, new):
    assert compared(tmp_path, BASE.replace(old, new)) == []


def test_what_is_closed_is_said_to_stay(tmp_path):
    late = "\ncheck_ins: [{date: 2026-08-03, key_result: launched, met: true}]\n"
    lines = compared(tmp_path, BASE.replace("276", "300").replace("measure: leads", "measure: clicks") + late, CLOSED)
    assert [line for line in lines if "0 open key results" in line and "1 closed one stays" in line]
    assert [line for line in lines if "It closed on 2026-07-31: this counts for nothing" in line]
    assert [line for line in lines if line.startswith("check-in of 2026-08-03") and "closed on 2026-07-08" in line]


def test_okr_diff_compares_with_a_revision_of_git(tmp_path, monkeypatch):
    folder = tmp_path / "okr_definitions"
    folder.mkdir()
    (folder / "okrs.yml").write_text(BASE, encoding="utf-8")
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKR_DEFINITIONS_DIR", "okr_definitions")
    monkeypatch.setenv("OKR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OKR_TODAY", "2026-05-11")
    same = CliRunner().invoke(main, ["diff", "--exit-code"])
    assert (same.exit_code, "Nothing that moves a number" in same.stdout) == (0, True)
    (folder / "okrs.yml").write_text(BASE.replace("276", "300"), encoding="utf-8")
    told = CliRunner().invoke(main, ["diff", "HEAD", "--exit-code"])
    assert told.exit_code == 3
    assert "- key result `leads_up`: target 276 -> 300 from 2026-05-11 on" in told.stdout
    for wrong in ("no_such_branch", "--upload-pack=x"):
        assert CliRunner().invoke(main, ["diff", "--", wrong]).exit_code not in (0, 3)
