"""A tenth type is added by its one file and its words: `multiply`, to reach so many times the baseline.

In a copy of the project, as a contributor would: the file, its sentences in es.po, `make generate`. Then it is checked,
scored, said in two languages, explained in the glossary, simulated and printed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.support import ROOT

TYPE = '''"""A number that is to reach so many times its baseline."""

from okr_reports.key_result_types.rule import N_, WAY_DONE, KeyResultType, Size

TYPE = KeyResultType(
    name="multiply",
    position=10,
    shape="move",
    better="higher",
    size=Size("times", start=0, sign=1, kind="factor"),
    about=N_("The way from the baseline to its multiple that is done."),
    progress=f"case when target > baseline then {WAY_DONE} end",
    forecast_side="above",
    expected_value="baseline + expected * (target - baseline)",
    detail={"other": N_("%(value)s on the way to %(target)s, which multiplies %(baseline)s")},
    examples=[({"kpi_kind": "stock", "value": 200, "baseline": 100, "target": 300}, 0.5)],
)
'''
WORDS = """
msgid "Multiply"
msgstr "Multiplicar"

msgid "The way from the baseline to its multiple that is done."
msgstr "El camino del valor de partida a su múltiplo que está hecho."

msgid "%(value)s on the way to %(target)s, which multiplies %(baseline)s"
msgstr "%(value)s en camino a %(target)s, que multiplica %(baseline)s"
"""
DEFINITIONS = """
settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: %(locale)s}
teams:
  - {id: growth, title: Growth}
kpis:
  - {id: followers, title: Followers, kind: stock, measure: followers, unit: count, better: higher}
file_sources:
  - {id: social, path: social.csv, channel: social, date: date, measures: {followers: followers}}
objectives:
  - id: reach
    title: Reach
    period: 2026-Q4
    team: growth
    owner: Ana
    key_results:
      - {id: triple, title: Triple, type: multiply, kpi: followers, baseline: 1000, times: 3}
"""


@dataclass
class Project:
    """A copy of the project with a workspace beside it."""

    folder: Path

    def okr(self, *arguments: str) -> str:
        return self.python("-c", "from okr_reports.cli import run; run()", *arguments)

    def python(self, *arguments: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "SOURCES__"))}
        environment = {**kept, "PYTHONPATH": str(self.folder / "pipelines"), "OKR_TODAY": "2026-11-23"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def define(self, locale: str) -> None:
        text = DEFINITIONS % {"locale": locale}
        (self.folder / "okr_definitions" / "all.yml").write_text(text, encoding="utf-8")

    def page(self, path: str) -> str:
        return (self.folder / ".okr" / "site" / "current" / path / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("tenth")
    left_out = shutil.ignore_patterns("target", "logs")
    for name in ("pipelines", "dbt_project", "reports"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    types = folder / "pipelines" / "okr_reports" / "key_result_types"
    (types / "multiply.py").write_text(TYPE, encoding="utf-8")
    with (types.parent / "words" / "translations" / "es.po").open("a", encoding="utf-8") as catalogue:
        catalogue.write(WORDS)
    definitions = folder / "okr_definitions"
    definitions.mkdir()
    days = [date(2026, 10, 1) + timedelta(days=number) for number in range(53)]
    rows = "".join(f"{day},{1000 + 20 * number}\n" for number, day in enumerate(days))
    (definitions / "social.csv").write_text("date,followers\n" + rows, encoding="utf-8")
    made = Project(folder)
    made.define("es-ES")
    made.python("-m", "okr_reports.key_result_types.sql")
    made.python("-m", "okr_reports.okrs.json_schema")
    return made


def test_it_is_checked_scored_said_explained_simulated_and_printed(project: Project) -> None:
    project.okr("check")
    schema = json.loads((project.folder / "okr_definitions" / "okr.schema.json").read_text(encoding="utf-8"))
    assert "times" in schema["$defs"]["MultiplyKeyResult"]["properties"]

    project.okr("refresh")
    with duckdb.connect(str(project.folder / ".okr" / "okr.duckdb"), read_only=True) as copy:
        row = copy.execute("select value, target, progress, status_reason from marts.key_results").fetchone()
    # 53 days of 20 more each, from the first on.
    assert row is not None
    assert row[:3] == (2040, 3000, pytest.approx(0.52))
    said = "52 % hecho, 40,3 % esperado el día 53 de 92: 2.040 en camino a 3.000, que multiplica 1.000."
    assert row[3] == said
    page = project.page("key-results/triple")
    assert said.replace(" %", "\u00a0%") in page
    assert 'class="pace"' in page
    glossary = project.page("glossary")
    assert "Multiplicar" in glossary
    assert "El camino del valor de partida a su múltiplo" in glossary

    simulated = json.loads(project.okr("simulate", "triple", "--target", "2040", "--json"))
    assert (simulated["target"], simulated["score"]) == (2040, 1)
    printed = project.okr("report", "--pdf", "all.pdf", "--page", "key-results/triple")
    assert "all.pdf" in printed
    assert (project.folder / "all.pdf").read_bytes().startswith(b"%PDF")

    project.define("en-GB")
    project.okr("refresh")
    assert "2,040 on the way to 3,000, which multiplies 1,000." in project.page("key-results/triple")


def test_what_is_wrong_of_it_is_said_at_its_line(project: Project) -> None:
    kept = (project.folder / "okr_definitions" / "all.yml").read_text(encoding="utf-8")
    wrong = project.folder / "wrong"
    wrong.mkdir()
    shutil.copy(project.folder / "okr_definitions" / "social.csv", wrong)
    code = "from okr_reports.okrs import check; from pathlib import Path; print(*check(Path('wrong'))[1], sep='\\n')"
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "pipelines")}
    for written, told in (
        ("times: 1", "the factor `1` is no move"),
        ("change: 20%", "unknown key `change`"),
        ("times: 0.5", "this is to multiply, but 1000 to 500 goes the other way"),
    ):
        (wrong / "all.yml").write_text(kept.replace("times: 3", written), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project.folder, env=environment, capture_output=True, text=True
        )
        assert told in done.stdout, done.stdout + done.stderr
