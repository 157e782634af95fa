"""Where files of definitions may lie, and what of them errors may say to the readers of the report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okr_reports.channels.base import LoadResult
from okr_reports.channels.load import load_channel
from okr_reports.file_places import setting_findings
from okr_reports.file_sources import FileSource
from okr_reports.findings import errors, findings
from okr_reports.okrs import check, read
from okr_reports.settings import Workspace
from tests.channels.a_folder import Files

SECRET = "Ana Lopez 84000"
WORKSPACE = Workspace(Path("okr_definitions"), Path("reports"), Path(".okr"))
# Paths as definitions may write them; {outside} is a folder beside okr_definitions/, {name} that of the workspace.
LEADING_OUT = [
    "{outside}/salaries.csv",
    "../outside/salaries.csv",
    "../../{name}/outside/salaries.csv",
    "../outside/*.csv",
    "../*/salaries.csv",
    "imports/../../outside/salaries.csv",
    "../outside/../okr_definitions/../outside/salaries.csv",
    "/etc/*",
    "/proc/self/*",
]
# Those that only the files show: by links, or by `..` after a wildcard.
LED_OUT = [
    "imports/*/../../../outside/salaries.csv",
    "imports/link.csv",
    "imports/linked/salaries.csv",
    "imports/linked/*.csv",
    "imports/link*.csv",
    "**/salaries.csv",
]
DEFINITIONS = """\
settings: {{organisation: Acme, currency: EUR, timezone: UTC}}
file_sources:
  - {{id: pay, path: "{path}", channel: pay, date: date, measures: {{spend: spend}}}}
  - {{id: good, path: imports/good.csv, channel: good, date: date, measures: {{spend: spend}}}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("okr_definitions/imports/sub", "outside", ".dlt", "reports/pages"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "outside" / "salaries.csv").write_text(f"date,spend\n2026-11-01,{SECRET}\n")
    (tmp_path / "okr_definitions" / "imports" / "good.csv").write_text("date,spend\n2026-11-01,7\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    return tmp_path


def declared(here: Path, path: str) -> list[FileSource]:
    written = path.format(outside=here / "outside", name=here.name)
    Path("okr_definitions/okr.yml").write_text(DEFINITIONS.format(path=written))
    return read(WORKSPACE.definitions_dir).file_sources


def load(sources: list[FileSource]) -> tuple[dict[str, LoadResult], str]:
    said: list[str] = []
    results = load_channel(
        "files",
        warehouse=Path("warehouse.duckdb"),
        pipelines_dir=Path("dlt"),
        today=date(2026, 11, 23),
        file_sources=sources,
        progress=said.append,
    )
    return {result.channel: result for result in results}, "\n".join([*said, *(str(one.error) for one in results)])


@pytest.mark.parametrize("path", [*LEADING_OUT, *LED_OUT])
def test_nothing_outside_is_read_and_the_other_sources_load(here: Path, path: str) -> None:
    sources = declared(here, path)
    (here / "okr_definitions/imports/link.csv").symlink_to(here / "outside" / "salaries.csv")
    (here / "okr_definitions/imports/linked").symlink_to(here / "outside")
    results, said = load(sources)
    assert {name: result.state for name, result in results.items()} == {"pay": "failed", "good": "loaded"}
    assert "lies outside okr_definitions/" in str(results["pay"].error)
    assert SECRET not in said
    assert "root:" not in said


@pytest.mark.parametrize("path", LEADING_OUT)
def test_check_says_it_at_its_line_with_the_line_to_add_and_a_refresh_goes_on(here: Path, path: str) -> None:
    declared(here, path)
    [found] = [one for one in findings(WORKSPACE) if "lies outside" in one.what]
    assert (found.path, found.line, found.severity) == ("okr_definitions/okr.yml", 3, "error")
    assert 'files_roots = ["/' in found.todo
    assert not [one for one in errors(WORKSPACE, bind=False) if "okr_definitions" in one.path]


@pytest.mark.parametrize(
    ("path", "root"),
    [
        *[(path, "{outside}") for path in [LEADING_OUT[0], LEADING_OUT[1], LEADING_OUT[3], *LED_OUT]],
        *[(LEADING_OUT[1], root) for root in ("outside", "./outside/.", "link")],
    ],
)
def test_a_folder_that_the_operator_lists_is_read(here: Path, path: str, root: str) -> None:
    (here / "link").symlink_to(here / "outside")
    (here / "outside" / "salaries.csv").write_text("date,spend\n2026-11-01,5\n")
    line = f'files_roots = ["{root.format(outside=here / "outside")}"]\n'
    (here / ".dlt" / "config.toml").write_text(line)
    (here / "okr_definitions/imports/link.csv").symlink_to(here / "outside" / "salaries.csv")
    (here / "okr_definitions/imports/linked").symlink_to(here / "outside")
    results, said = load(declared(here, path))
    assert results["pay"].state == "loaded", said
    assert not [one for one in findings(WORKSPACE) if "outside" in one.what]


def test_rates_through_a_link_out_of_the_folder_are_neither_read_nor_quoted(here: Path) -> None:
    (here / "outside" / "rates.csv").write_text(f"date,currency,rate\n2026-11-01,USD,{SECRET}\n")
    (here / "okr_definitions" / "exchange_rates.csv").symlink_to(here / "outside" / "rates.csv")
    _, found = check(WORKSPACE.definitions_dir)
    assert any(one.what == "the link leads out of the folder" for one in found)
    assert SECRET not in str(found)
    (here / "outside" / "rates.csv").write_text("date,currency,rate\n2026-11-01,USD,0.9\n")
    (here / ".dlt" / "config.toml").write_text('files_roots = ["outside"]\n')
    assert [rate.currency for rate in read(WORKSPACE.definitions_dir).exchange_rates] == ["USD"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('files_roots = "/srv"\n', "is no list of folders"),
        ("files_roots = [1]\n", "is no list of folders"),
        ('files_roots = ["/nowhere/at/all"]\n', "names /nowhere/at/all, which is no folder"),
        ('[runtime]\nlog_level = "WARNING"\nfiles_roots = ["outside"]\n', "is in the section [runtime]"),
    ],
)
def test_a_setting_that_does_nothing_is_said(here: Path, written: str, words: str) -> None:
    (here / ".dlt" / "config.toml").write_text(written)
    assert words in str([str(one) for one in setting_findings()])
    assert not declared(here, "../outside/salaries.csv")[0].is_within_roots


@pytest.mark.parametrize(
    "text",
    [
        f"date,spend\n2026-11-01,{SECRET}\n",
        f"date,spend\n{SECRET},1\n",
        f"{SECRET},1\n2026-11-01,1\n",
        f'date,spend\n2026-11-01,"{SECRET}\n',
        f"date,spend\n2026-11-01,1,{SECRET}\n",
        f"date,spend,c\n2026-11-01,1,{SECRET}\n2026-11-01,1,{SECRET}\n",
        f"date,spend,cur\n2026-11-01,1,{SECRET}\n",
        f"date,{SECRET}\n2026-11-01,near\n",  # without a header, a cell is offered as what was meant
        # a sum past all bounds, and texts that would end the quotation themselves
        f"date,spend,c\n2026-11-01,{'9' * 19},{SECRET}\n2026-11-01,{'9' * 19},{SECRET}\n",
        f"date,spend\n2026-11-01,a\ufdd1{SECRET}\ufdd0\n",
        f"date,spend\n2026-11-01,\ufdd1{SECRET}\n",
    ],
)
def test_the_report_quotes_no_cell_and_the_terminal_says_which(files: Files, text: str) -> None:
    files.write("a.csv", text)
    more = {"campaign_id": "c", "key": ("date", "campaign_id")} if ",c\n" in text else {}
    more |= {"currency_column": "cur"} if ",cur\n" in text else {}
    more |= {"measures": Files.measures(spend=SECRET + "x")} if text.endswith("near\n") else {}
    [result] = files.load(files.source("a.csv", **more))
    assert result.state == "failed"
    assert SECRET not in str(result.error).replace(SECRET + "x", "")
    assert str(result.error).isprintable()
    assert files.said[-1].isprintable()


def test_a_currency_of_a_file_without_a_rate_is_said_once_a_source(here: Path) -> None:
    for name in "ab":
        text = "date,id,spend,code\n2026-11-01,x,7,USD\n2026-11-02,x,7,EUR\n".replace("x", name)
        (here / "okr_definitions" / "imports" / f"{name}.csv").write_text(text)
    entry = "{id: s, path: 'imports/[ab].csv', channel: s, date: date, campaign_id: id, currency: {column: code}"
    settings = "settings: {organisation: Acme, currency: EUR, timezone: UTC}\nfile_sources:\n"
    Path("okr_definitions/okr.yml").write_text(f"{settings}  - {entry}, measures: {{spend: spend}}}}\n")

    def unrated() -> list[str]:
        return [found.todo for found in findings(WORKSPACE) if "no exchange rate for" in found.what]

    assert unrated() == ["add rows `date,USD,rate` to exchange_rates.csv"]
    Path("okr_definitions/exchange_rates.csv").write_text("date,currency,rate\n2026-11-01,USD,0.9\n")
    assert unrated() == []
