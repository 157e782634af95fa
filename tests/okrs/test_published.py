"""What is published with the project: the demo, the KPI sets, the editor schema; and who changed a file."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from okr_reports.catalogue import channels
from okr_reports.key_result_types import shipped_types
from okr_reports.okrs import check
from okr_reports.okrs.json_schema import FILE_NAME, schema_text
from okr_reports.okrs.provenance import last_changes
from okr_reports.okrs.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "okr_definitions"
DEMO_DAY = date(2026, 11, 23)
FILES = sorted([*DEMO.rglob("*.yml"), *DEMO.rglob("*.yaml")])


@pytest.fixture(scope="module")
def demo():
    definitions, findings = check(DEMO, today=DEMO_DAY)
    assert definitions is not None, findings
    return definitions, findings


def test_the_demo_has_one_finding_the_stale_check_in_it_means_to_show(demo):
    _, findings = demo
    assert [(finding.severity, finding.what) for finding in findings] == [
        ("warning", "the last check-in of `tracking_audited_q4` is of 2026-10-26")
    ]


def test_the_demo_shows_every_type_and_both_languages(demo):
    definitions, _ = demo
    results = [result for _, result in definitions.key_results()]
    assert {result.type for result in results} == set(shipped_types())
    assert {result.pace if isinstance(result.pace, str) else "table" for result in results} >= {
        "linear", "seasonal", "table",
    }  # fmt: skip
    titles = [item.title for item in (*definitions.objectives, *definitions.kpis, *definitions.teams, *results)]
    assert [title for title in titles if title is None or {"es", "en"} - dict(title.by_language).keys()] == []


def test_the_origins_own_examples_are_there(demo):
    definitions, _ = demo
    _, leads = definitions.key_result_by_id["linkedin_leads_up_q4"]
    assert (leads.type, float(leads.change), leads.baseline) == ("increase", 0.2, "previous_period")
    _, days = definitions.key_result_by_id["onboarding_days_down_q4"]
    assert (days.type, days.baseline, days.target, days.unit) == ("decrease", 5, 2, "days")


def test_every_kpi_of_the_sets_is_described_in_both_languages(demo):
    definitions, _ = demo
    for kpi in definitions.kpis:
        assert kpi.description is not None, kpi.id
        assert {"es", "en"} <= dict(kpi.description.by_language).keys(), kpi.id
        assert {"unit", "better"} <= kpi.place.lines.keys(), kpi.id


@pytest.mark.parametrize("path", sorted((DEMO / "kpis").glob("*.yml")), ids=lambda path: path.stem)
def test_the_set_of_a_channel_is_of_that_channel_alone(demo, path):
    definitions, _ = demo
    kpis = [kpi for kpi in definitions.kpis if Path(kpi.place.path).name == path.name]
    assert kpis
    if path.stem in channels():
        assert {condition.values for kpi in kpis for condition in kpi.where.channel} == {(path.stem,)}


def test_the_editor_schema_is_in_step_with_the_models():
    assert (DEMO / FILE_NAME).read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEMO)))
def test_every_demo_file_names_the_schema_and_keeps_it(path):
    schema = json.loads(schema_text())
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.split("=")[1]).resolve() == DEMO / FILE_NAME
    Draft202012Validator.check_schema(schema)
    content, _ = read_yaml(path.read_bytes(), path.name)
    # An editor sees JSON's numbers where the reader keeps exact decimals.
    assert list(Draft202012Validator(schema).iter_errors(json.loads(json.dumps(content, default=float)))) == []


def test_the_editor_schema_refuses_what_a_model_refuses():
    schema = Draft202012Validator(json.loads(schema_text()))
    for text in (
        "teams: [{id: One}]",
        "teams: [{id: one, titel: x}]",
        "kpis: [{id: k, kind: sum}]",
        "objectives: [{id: o, title: T, period: 2026, key_results: [{id: k, title: T, type: rise}]}]",
        "settings: {status: {on_track: 2}}",
    ):
        assert not schema.is_valid(yaml.safe_load(text)), text


def git(folder: Path, *arguments: str, when: str = "2026-11-20T10:00:00+01:00", who: str = "Ana Díaz") -> None:
    identity = {"GIT_AUTHOR_NAME": who, "GIT_COMMITTER_NAME": who, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
    identity |= {"GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_EMAIL": "a@example.com", "HOME": str(folder)}
    subprocess.run(["git", *arguments], cwd=folder, env={"PATH": "/usr/bin:/bin", **identity}, check=True)


def test_the_last_change_of_a_file_comes_from_git(tmp_path):
    definitions = tmp_path / "work" / "okr_definitions"
    definitions.mkdir(parents=True)
    git(tmp_path, "init", "-q")
    for name in ("a.yml", "ñandú 2.yml", "new.yml"):
        (definitions / name).write_text("teams: []\n")
    git(tmp_path, "add", "work/okr_definitions/a.yml", "work/okr_definitions/ñandú 2.yml")
    git(tmp_path, "commit", "-qm", "one\n\n\x01commit")
    (definitions / "a.yml").write_text("kpis: []\n")
    git(tmp_path, "commit", "-qam", "two", when="2026-11-21T09:30:00+00:00", who="Eva\x01 <x>")
    changes = last_changes(definitions)
    assert set(changes) == {definitions / "a.yml", definitions / "ñandú 2.yml"}
    assert changes[definitions / "ñandú 2.yml"].changed_by == "Ana Díaz"
    assert changes[definitions / "ñandú 2.yml"].changed_on == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert changes[definitions / "a.yml"].changed_by.startswith("Eva")
    assert changes[definitions / "a.yml"].changed_on == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    (definitions / "a.yml").write_text("notes: []\n")
    assert set(last_changes(definitions)) == {definitions / "ñandú 2.yml"}, "an edit not committed yet is nobody's"


def test_without_a_repository_nobody_is_named(tmp_path):
    assert last_changes(tmp_path) == {}
    assert last_changes(tmp_path / "nowhere") == {}
