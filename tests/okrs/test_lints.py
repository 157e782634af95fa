"""What several definitions show only together. Each file is checked beside a base without findings."""

from __future__ import annotations

import pytest

from tests.okrs.conftest import only


def test_the_base_has_no_findings(folder):
    assert folder.findings() == []


@pytest.mark.parametrize(
    "fields",
    [
        "type: increase, kpi: leads, target: 276",
        "type: binary, due: 2026-11-30",
        "type: increase, kpi: leads, change: 20%, baseline: previous_period",
        "type: increase, kpi: leads, change: 150%, baseline: 230",
        "type: increase, kpi: leads, change: 0.2, baseline: same_period_last_year, pace: seasonal",
        "type: increase, kpi: leads, target: 5, pace: {2026-10-31: 25%, 2026-12-31: 1}",
        "type: increase, kpi: followers, baseline: 10000, target: 11000",
        "type: increase, baseline: -5, target: 5",
        "type: increase, baseline: -10, target: -5, unit: number",
        "type: increase, kpi: viewers, target: 3",
        "type: decrease, kpi: clicks, change: 20%, baseline: previous_period",
        "type: decrease, kpi: cost_per_lead, baseline: 40, target: 30",
        "type: decrease, baseline: 10, change: 100%",
        "type: at_least, kpi: ctr, target: 0.5%",
        "type: at_most, kpi: cost_per_lead, target: 30",
        "type: between, kpi: ctr, low: 0.4%, high: 0.006",
        "type: between, low: 4, high: 4",
        "type: count_range, low: 3, high: 5",
        "type: count_range, kpi: leads, low: 3, high: 3",
        "type: milestones, milestones: [{id: a, weight: 0}, {id: b, due: 2026-12-31, weight: 0.5}]",
        "type: binary, kpis: [leads, ctr]",
        "type: qualitative, pace: linear",
    ],
)
def test_a_sound_key_result_has_no_findings(folder, fields):
    assert folder.key_result(fields) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("type: increase, kpi: followers, target: 5", "this increase starts nowhere: it has no baseline"),
        ("type: increase, target: 5", "this increase starts nowhere"),
        ("type: decrease, kpi: clicks, target: 5", "this decrease starts nowhere"),
        ("type: increase, baseline: previous_period, target: 5", "previous_period needs a KPI to look it up"),
        ("type: increase, kpi: leads, baseline: last_week, target: 5", "`last_week` is not a baseline"),
        ("type: increase, kpi: leads, target: 5, change: 5%", "has both target and change"),
        ("type: increase, kpi: leads, baseline: 5", "the increase has no target"),
        ("type: decrease, baseline: 2, target: 5", "this is to decrease, but 2 to 5 goes the other way"),
        ("type: increase, baseline: -10, change: 20%", "this is to increase, but -10 to -12 goes the other way"),
        ("type: increase, baseline: 0, change: 20%", "a share of 0 is no move"),
        ("type: decrease, baseline: 10, change: 120%", "a decrease of more than 100 % ends below zero"),
        ("type: increase, kpi: leads, change: -5%, baseline: 3", "the change `-5%` is no move"),
        ("type: increase, kpi: leads, target: 0", "counted from 0, so a target of 0 is reached before it starts"),
        ("type: at_least, kpi: leads, target: -1", "reached before it starts"),
        ("type: at_most, kpi: clicks, target: 5%", "target: a percentage, but the number is counted in count"),
        ("type: at_most, target: 5%", "target: a percentage, but the number is counted in no unit"),
        ("type: at_most, kpi: clicks, target: 5, unit: days", "the unit is the KPI's"),
        ("type: at_most, kpi: clicks, target: 5, pace: seasonal", "a pace has no meaning for at_most"),
        ("type: binary, pace: {2026-10-31: 25%}", "a pace has no meaning for binary"),
        ("type: increase, kpi: followers, baseline: 1, target: 5, pace: seasonal", "a seasonal pace needs a flow KPI"),
        ("type: increase, baseline: 1, target: 5, pace: seasonal", "a seasonal pace needs a flow KPI"),
        ("type: increase, kpi: leads, target: 5, starts: 2027-02-01", "2027-02-01 lies outside the period"),
        ("type: increase, kpi: leads, target: 5, pace: {2026-09-30: 25%}", "2026-09-30 lies outside the period"),
        ("type: increase, kpi: leads, target: 5, pace: {2026-12-31: 90%}", "expects less than 100 %"),
        ("type: increase, kpi: leads, target: 5, pace: {2026-11-30: 20%, 2026-10-31: 30%}", "the expected share falls"),
        ("type: increase, kpi: leads, target: 5, pace: {2026-10-32: 20%}", "there is no day `2026-10-32`"),
        ("type: increase, kpi: leads, target: 5, pace: fast", "the text `fast` is none of the words allowed here"),
        ("type: count_range, low: 0, high: 5", "low is `0`, so nothing would have to be done"),
        ("type: milestones, milestones: [{id: a, weight: 0}]", "all milestones of `k` weigh 0"),
        ("type: milestones, milestones: [{id: a}, {id: a}]", "the milestone `a` stands already at"),
        ("type: binary, due: 2026-09-30", "2026-09-30 lies outside the period 2026-Q4"),
        ("type: qualitative, due: 2026-11-30", "due"),
        ("type: milestones, milestones: [{id: a, due: 2027-01-01}]", "2027-01-01 lies outside the period 2026-Q4"),
        ("type: binary, kpis: [lead]", "the KPI `lead` does not exist"),
        ("type: binary, target: 5", "unknown key `target`"),
        ("type: binary, weight: .inf", "`Infinity` is not a finite number"),
        ("kpi: leads, target: 5", "the key `type` is missing"),
        ("type: at_most, kpi: leads, target: true", "true or false stands where a number belongs"),
        ("type: at_most, kpi: leads", "the key `target` is missing"),
        (
            "type: at_least, kpi: leads, target: 5, hold: end",
            "hold: `leads` is a flow, which is held by its projected total",
        ),
        ("type: between, kpi: leads, low: 1, high: 5, allowed_misses: 1", "allowed_misses: `leads` is a flow"),
        (
            "type: at_most, target: 5, hold: average, allowed_misses: 1",
            "allowed_misses counts weeks, and hold is average",
        ),
        ("type: at_most, target: 5, hold: always", "the text `always` is none of the words allowed here"),
        ("type: at_most, target: 5, allowed_misses: -1", "allowed_misses"),
        ("type: increase, baseline: 1, target: 5, hold: end", "unknown key `hold`"),
        ("type: count_range, low: 1, high: 5, hold: end", "unknown key `hold`"),
    ],
)
def test_an_unsound_key_result_is_an_error_at_its_line(folder, fields, said):
    found = only(folder.key_result(fields))
    assert found.startswith("kr.yml:5: error: ")
    assert said in found


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("type: at_least, kpi: ctr, target: 20", "target: 20 of a percentage is 2000 %; write 20% if that is meant"),
        ("type: increase, kpi: cost_per_lead, baseline: 3, target: 5", "increase asks for what is worse"),
        ("type: at_most, kpi: leads, target: 5", "at_most asks for what is worse: higher values of `leads` are better"),
    ],
)
def test_a_doubtful_key_result_is_a_warning(folder, fields, said):
    found = only(folder.key_result(fields))
    assert found.startswith("kr.yml:5: warning: ")
    assert said in found


@pytest.mark.parametrize(
    ("check_in", "said"),
    [
        ("key_result: base_steps, done: [three]", "`base_steps` has no milestone `three`"),
        ("key_result: base_steps, value: 3", "value: `base_steps` is milestones; use `done`"),
        ("key_result: base_days, grade: 0.5", "grade: `base_days` is decrease; use `value`"),
        ("key_result: base_days, value: 20%", "value: a percentage, but the key result is not counted in percent"),
        ("key_result: base_grade, met: true", "met: `base_grade` is qualitative; use `grade`"),
        ("key_result: base_day, note: n", "the key result `base_day` does not exist; did you mean `base_days`?"),
        ("key_result: k, value: 3", "value: `k` is at_most and takes its value from the KPI `leads`; remove `value`"),
        ("key_result: base_done", "the check-in says nothing"),
    ],
)
def test_a_check_in_must_fit_its_key_result(folder, check_in, said):
    folder.key_result("type: at_most, kpi: leads, target: 5")
    folder.write("said.yml", f"check_ins:\n- {{date: 2026-11-02, {check_in}}}\n")
    found = only([finding for finding in folder.findings() if finding.startswith("said.yml")])
    assert found.startswith("said.yml:2: error: ")
    assert said in found


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-11-24", "is of 2026-11-24, and today is 2026-11-23"), ("2026-09-30", "before its period starts")],
)
def test_a_check_in_of_an_odd_day_is_a_warning(folder, day, said):
    folder.write("said.yml", f"check_ins:\n- {{date: {day}, key_result: base_days, value: 3}}\n")
    found = only(folder.findings())
    assert found.startswith("said.yml:2: warning: ")
    assert said in found


def test_evidence_that_nobody_needs_is_a_warning(folder):
    said = "check_ins:\n- {date: 2026-11-02, key_result: base_grade, evidence: 7}\n"
    folder.write("said.yml", said)
    assert folder.findings() == []
    folder.write("said.yml", said.replace("base_grade", "base_done"))
    assert "said.yml:2: warning: evidence: `base_done` does not say how much" in only(folder.findings())
    folder.write("said.yml", said.replace("base_grade, evidence", "base_days, value: 3, evidence"))
    assert only(folder.findings()).endswith("write `evidence: 5` on the key result")


@pytest.mark.parametrize(
    "on", ["kpi/leads", "key_result/base_days", "objective/base", "team/paid_social", "channel/linkedin_ads"]
)
def test_a_note_may_be_about_anything_that_exists(folder, on):
    folder.write("notes.yml", f"notes:\n- {{date: 2026-11-02, on: {on}, text: T}}\n")
    assert folder.findings() == []
    folder.write("notes.yml", f"notes:\n- {{date: 2026-11-02, on: {on}x, text: T}}\n")
    assert "does not exist; did you mean" in only(folder.findings())


def test_objectives_and_their_warnings(folder):
    folder.write("settings.yml", "settings: {objectives_per_team: {min: 2, max: 3}, check_in_stale_after_days: 10}\n")
    text = folder.path.joinpath("base.yml").read_text(encoding="utf-8")
    folder.write("base.yml", text[text.index("teams:") :])
    folder.write(
        "more.yml",
        "objectives:\n"
        "- {id: north, title: North, period: 2026, key_results: [{id: a, title: A, type: binary}]}\n"
        "- {id: lonely, title: Lonely, period: 2026, owner: Ana, parent: south}\n"
        "- {id: south, title: South, period: 2026, key_results: [{id: b, title: B, type: binary}]}\n"
        "- {id: led, title: Led, period: 2020, owner: Eva, key_results: [{id: c, title: C, type: binary}]}\n"
        "check_ins:\n"
        "- {date: 2026-11-13, key_result: a, met: false}\n"
        "- {date: 2026-11-12, key_result: b, met: false}\n",
    )
    assert [finding.split("; ")[0] for finding in folder.findings() if finding.startswith("more.yml")] == [
        "more.yml:2: warning: no team supports the company objective `north`",
        "more.yml:3: warning: `lonely` has neither key results nor a measure, so it will never have a score",
        "more.yml:3: warning: `lonely` is owned by `Ana` and by no team",
        "more.yml:3: warning: `lonely` runs, but its parent `south` is not approved",
        "more.yml:4: warning: the last check-in of `b` is of 2026-11-12",
        "more.yml:5: warning: `led` is owned by `Eva` and by no team",
        "more.yml:5: warning: no team supports the company objective `led`",
    ]
    base = [finding.split("; ")[0] for finding in folder.findings() if finding.startswith("base.yml")]
    assert base[0] == "base.yml:14: warning: the team `paid_social` has 1 objective in 2026-Q4"
    assert all("has had no check-in since its period started on 2026-10-01" in finding for finding in base[1:])


def test_an_approved_parent_and_a_period_that_is_over_are_no_warnings(folder):
    folder.write(
        "more.yml",
        "objectives:\n"
        "- {id: north, title: N, period: 2026, approved: {by: [Eva], on: 2026-01-02}, measure: {type: at_most, "
        "kpi: leads, target: 3}}\n"
        "- {id: child, title: C, period: 2026-Q4, team: paid_social, parent: north, key_results: [{id: a, title: A, "
        "type: binary}]}\n"
        "- {id: old, title: O, period: 2026-Q3, team: paid_social, parent: base, key_results: [{id: b, title: B, "
        "type: binary}]}\n",
    )
    assert [finding for finding in folder.findings() if "approved" in finding] == []


def test_a_measure_of_an_objective_needs_a_kpi(folder):
    folder.write("o.yml", "objectives:\n- id: o\n  title: O\n  period: 2026\n  measure: {type: at_most, target: 3}\n")
    assert any("o.yml:5: error: the objective's measure has no KPI" in finding for finding in folder.findings())


def test_findings_of_all_files_come_in_one_go_and_sorted(folder):
    folder.write("a.yml", "teams:\n- id: A\n")
    folder.write("deep/er/b.yaml", "kpis:\n- {id: k, kind: ratio}\nnotes:\n- {date: soon, on: x, text: T}\n")
    places = [finding.split(": ")[0] for finding in folder.findings()]
    assert places == ["a.yml:2", "deep/er/b.yaml:2", "deep/er/b.yaml:4", "deep/er/b.yaml:4"]


def test_a_reference_to_a_broken_entry_is_not_called_unknown(folder):
    folder.key_result("type: at_most, kpi: broken, target: 3")
    folder.write("kpi.yml", "kpis:\n- {id: broken, kind: flow}\n")
    assert only(folder.findings()).startswith("kpi.yml:2: error: a flow KPI has no measure")


def test_while_a_file_cannot_be_read_nothing_is_called_unknown(folder):
    folder.key_result("type: at_most, kpi: elsewhere, target: 3")
    folder.write("broken.yml", "kpis: '\n")
    assert only(folder.findings()).startswith("broken.yml:2: error: a quote or bracket is never closed")


def test_paths_that_cannot_be_looked_at_are_left_to_the_load(folder):
    (folder.path / "loop.csv").symlink_to("loop.csv")
    (folder.path / "loop.yml").symlink_to("loop.yml")
    common = "channel: shop, date: date, measures: {visits: visits}"
    folder.write(
        "y.yml",
        f"file_sources:\n- {{id: loop, path: loop.csv, {common}}}\n"
        f"- {{id: long, path: {'long' * 100}.csv, {common}}}\n",
    )
    [found] = folder.findings()
    assert found.startswith("loop.yml:1: error: ")


def test_check_ins_and_reopenings_that_do_not_count_as_meant_are_said(folder):
    folder.write(
        "said.yml",
        """
check_ins:
  - {date: 2026-10-12, key_result: base_days, confidence: 0.5}
  - {date: 2026-10-12, key_result: base_days, confidence: 0.7}
reopen:
  - {key_result: base_days, on: 2026-11-02, by: Eva, reason: A late file}
  - {key_result: nobody, on: 2027-03-02, by: Eva, reason: A late file}
""",
    )
    said = folder.findings()
    assert [one for one in said if "has two check-ins of 2026-10-12 that differ in confidence" in one]
    assert [one for one in said if "is reopened on 2026-11-02, and its period ends on 2026-12-31" in one]
    assert [one for one in said if "the key result `nobody` does not exist" in one]
