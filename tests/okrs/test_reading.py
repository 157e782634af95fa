"""The folder: which files are read, what is not followed, exchange rates, and how little an import costs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from okr_reports.errors import DefinitionsError, OkrError
from okr_reports.okrs import check, read
from okr_reports.okrs.models.rates import ExchangeRate

TEAM = "teams:\n- {id: %s}\n"


def teams(folder) -> list[str]:
    return [team.id for team in folder.good().teams]


def test_both_endings_and_all_folders_are_read_in_the_order_of_their_paths(folder):
    folder.write("z.yaml", TEAM % "z")
    folder.write("a/b/c.YML", TEAM % "c")
    folder.write("a/b/notes.txt", "not: [yaml")
    folder.write(".git/d.yml", TEAM % "d")
    folder.write(".hidden.yml", TEAM % "e")
    assert teams(folder) == ["c", "paid_social", "z"]


def test_a_link_out_of_the_folder_is_an_error_and_not_followed(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yml").write_text(TEAM % "x")
    (folder.path / "file.yml").symlink_to(tmp_path / "outside" / "x.yml")
    (folder.path / "dir").symlink_to(tmp_path / "outside")
    findings = folder.findings()
    assert [finding.split("; ")[0] for finding in findings] == [
        "dir:1: error: the link leads out of the folder",
        "file.yml:1: error: the link leads out of the folder",
    ]


def test_a_link_within_the_folder_is_read(folder):
    folder.write("..data/mounted.yml", TEAM % "mounted")
    (folder.path / "mounted.yml").symlink_to("..data/mounted.yml")
    assert teams(folder) == ["paid_social", "mounted"]


def test_a_pipe_and_a_broken_link_are_errors(folder):
    os.mkfifo(folder.path / "pipe.yml")
    (folder.path / "gone.yml").symlink_to(folder.path / "nowhere.yml")
    findings = folder.findings()
    assert findings[0].startswith("gone.yml:1: error: the file cannot be read: No such file")
    assert findings[1].startswith("pipe.yml:1: error: this is not a plain file")


def test_a_name_with_control_characters_is_refused_and_shown_escaped(folder):
    folder.write("a\x1b[31m.yml", TEAM % "x")
    finding = folder.check()[1][0]
    assert finding.what == "the name holds control characters"
    assert finding.path.isprintable()


def test_a_missing_folder_is_an_error(tmp_path):
    definitions, findings = check(tmp_path / "nowhere", today=date(2026, 11, 23))
    assert definitions is None
    assert str(findings[0]).endswith("nowhere:1: error: there is no such folder; make it with `okr init`")
    with pytest.raises(DefinitionsError) as raised:
        read(tmp_path / "nowhere")
    assert raised.value.findings == findings


def test_without_settings_there_are_defaults_and_a_warning(tmp_path):
    (tmp_path / "a.yml").write_text("# nothing yet\n")
    definitions, findings = check(tmp_path, today=date(2026, 11, 23))
    assert definitions is not None
    assert (definitions.settings.currency, definitions.settings.language) == ("EUR", "en")
    assert [finding.severity for finding in findings] == ["warning"]


def test_paths_are_shown_from_the_working_directory(folder, monkeypatch):
    folder.write("bad.yml", "teams: 1\n")
    monkeypatch.chdir(folder.path.parent)
    _, findings = check(Path("okr_definitions"), today=date(2026, 11, 23))
    assert findings[0].path == "okr_definitions/bad.yml"


def test_today_is_that_of_okr_today(folder, monkeypatch):
    text = folder.path.joinpath("base.yml").read_text().replace("check_in_stale_after_days: 999", "locale: en-GB")
    folder.write("base.yml", text.replace("locale: es-ES, ", ""))
    monkeypatch.setenv("OKR_TODAY", "2026-10-11")
    assert check(folder.path)[1] == []
    monkeypatch.setenv("OKR_TODAY", "2026-10-12")
    assert len(check(folder.path)[1]) == 4
    # the years that a definition may name
    for day in ("1990-01-01", "2199-12-31"):
        monkeypatch.setenv("OKR_TODAY", day)
        assert check(folder.path)[0]
    for day in ("tomorrow", "2026-11-31", "0001-01-01", "1989-12-31", "2200-01-01", "9999-12-31"):
        monkeypatch.setenv("OKR_TODAY", day)
        with pytest.raises(OkrError, match="OKR_TODAY"):
            check(folder.path)


def test_exchange_rates_are_exact_and_tolerate_what_excel_adds(folder):
    folder.write(
        "exchange_rates.csv",
        b"\xef\xbb\xbfdate,currency,rate\r\n2026-11-02,EUR,1.0000\r\n2026-11-02,USD,0.861234567891\r\n\r\n2026-11-09,JPY,162\r\n",
    )
    assert folder.good().exchange_rates == [
        ExchangeRate(date(2026, 11, 2), "USD", Decimal("0.861234567891")),
        ExchangeRate(date(2026, 11, 9), "JPY", Decimal(162)),
    ]


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        ("day,currency,rate\n", 1, "the first line is not `date,currency,rate`"),
        ("date;currency;rate\n2026-11-02;USD;0.86\n", 1, "the first line is not"),
        ("date,currency,rate\n2026-11-02,USD,0,86\n", 2, "the row has 4 columns"),
        ("date,currency,rate\n02/11/2026,USD,0.86\n", 2, "the text `02/11/2026` is not a date"),
        ("date,currency,rate\n2026-11-02,DOLLAR,0.86\n", 2, "`DOLLAR` is not a currency code of ISO 4217"),
        ("date,currency,rate\n2026-11-02,EUR,0.9\n2026-11-09,EUR,0.8\n", 2, "EUR is the reporting currency"),
        ("date,currency,rate\n2026-11-02,USD,0\n", 2, "`0` is not a rate"),
        ("date,currency,rate\n2026-11-02,USD,-1\n", 2, "`-1` is not a rate"),
        ("date,currency,rate\n2026-11-02,USD,nan\n", 2, "`nan` is not a rate"),
        ("date,currency,rate\n2026-11-02,USD,inf\n", 2, "`inf` is not a rate"),
        ("date,currency,rate\n2026-11-02,USD,1e999999999\n", 2, "`1e999999999` is not a rate"),
        ("date,currency,rate\n2026-11-02,USD,1e-999999999\n", 2, "`1e-999999999` is not a rate"),
        ("date,currency,rate\n2026-11-02,USD,0.86\n2026-11-02,USD,0.87\n", 3, "stands already in line 2"),
        ("date,currency,rate\n2026-11-02,USD,\x00\n", 2, " is not a rate"),
        (b"date,currency,rate\n2026-11-02,USD,0.86\xe9\n", 2, "the byte 0xE9 is not UTF-8"),
    ],
)
def test_a_rate_that_is_none_is_an_error_at_its_line(folder, rows, line, said):
    folder.write("exchange_rates.csv", rows)
    findings = folder.findings()
    assert len(findings) == 1
    assert findings[0].startswith(f"exchange_rates.csv:{line}: error: ")
    assert said in findings[0]


def test_checking_needs_neither_dlt_nor_dagster_nor_pandas(folder):
    program = (
        "import sys; from pathlib import Path; from datetime import date; from okr_reports import okrs\n"
        "assert 'pydantic' not in sys.modules\n"
        "definitions, findings = okrs.check(Path(sys.argv[1]), today=date(2026, 11, 23))\n"
        "assert definitions is not None\n"
        "print(sorted({'dlt', 'dagster', 'pandas', 'pyarrow', 'duckdb', 'jinja2'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, str(folder.path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
