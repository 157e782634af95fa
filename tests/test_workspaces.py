"""`okr workspaces`: many clients in one folder, each with its state; what is wrong with one is in its row alone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from okr_reports.cli import main
from okr_reports.report_site.formats.languages import Language


@pytest.fixture(autouse=True)
def the_day(monkeypatch, tmp_path):
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    monkeypatch.setenv("OKR_DATA_DIR", str(tmp_path / "elsewhere"))


def workspace(path: Path, organisation: str, day: str, statuses: dict[str, int], states: dict[str, int]) -> None:
    (path / "okr_definitions").mkdir(parents=True)
    (path / ".okr").mkdir()
    with duckdb.connect(str(path / ".okr" / "okr.duckdb")) as copy:
        copy.execute("create schema marts")
        copy.execute(
            "create table marts.report_context as select ? as organisation, ? as refreshed_at, ?::date as data_through,"
            " 'Europe/Madrid' as timezone",
            [organisation, datetime.fromisoformat(f"{day} 23:30:00").replace(tzinfo=UTC), day],
        )
        for table, column, counts in (("key_results", "status", statuses), ("source_health", "state", states)):
            copy.execute(f"create table marts.{table} ({column} varchar)")
            for value, number in counts.items():
                copy.executemany(f"insert into marts.{table} values (?)", [[value]] * number)


def okr(*arguments: str):
    return CliRunner().invoke(main, ["workspaces", *arguments])


def test_each_workspace_is_a_row(tmp_path):
    clients = tmp_path / "clients"
    workspace(
        clients / "acme", "Acme", "2026-11-22", {"on_track": 3, "off_track": 1}, {"fresh": 2, "stale": 1, "off": 4}
    )
    workspace(clients / "group" / "beta", "Beta", "2026-11-10", {}, {"fresh": 1})
    answer = okr(str(clients))
    assert answer.exit_code == 0, answer.output
    # The clock of the workspace's zone: 23:30 UTC is the next day in Madrid.
    assert answer.output.splitlines() == [
        "acme (Acme): refreshed 2026-11-23 00:30, data through 2026-11-22; key results: 1 off track, 3 on track;"
        " sources: 2 of 3 fresh",
        "group/beta (Beta): refreshed 2026-11-11 00:30, 12 days ago, data through 2026-11-10; key results: none;"
        " sources: 1 of 1 fresh",
    ]


def test_what_is_wrong_with_one_is_in_its_row(tmp_path):
    workspace(tmp_path / "a", "A", "2026-11-22", {"on_track": 1}, {})
    (tmp_path / "b" / "okr_definitions").mkdir(parents=True)
    workspace(tmp_path / "c", "C", "2026-11-22", {}, {})
    (tmp_path / "c" / ".okr" / "okr.duckdb").write_bytes(b"no database")
    workspace(tmp_path / "d", "D", "2026-11-22", {}, {})
    with duckdb.connect(str(tmp_path / "d" / ".okr" / "okr.duckdb")) as copy:
        copy.execute("drop table marts.key_results")
    answer = okr(str(tmp_path), "--json")
    assert answer.exit_code == 1
    rows = json.loads(answer.output)
    assert [bool(row["error"]) for row in rows] == [False, True, True, True]
    assert rows[0]["key_results"] == {"on_track": 1}
    assert "never refreshed" in rows[1]["error"]
    assert all("okr refresh" in row["error"] for row in rows[1:])
    assert okr(str(tmp_path)).output.count("\n") == 4


def test_nothing_is_looked_for_within_a_workspace_or_what_is_hidden(tmp_path):
    workspace(tmp_path, "Own", "2026-11-22", {}, {})
    workspace(tmp_path / "inner", "Inner", "2026-11-22", {}, {})
    assert okr(str(tmp_path)).output.count("\n") == 1
    workspace(tmp_path / "away" / ".hidden" / "one", "One", "2026-11-22", {}, {})
    answer = okr(str(tmp_path / "away"))
    assert answer.exit_code == 1
    assert "okr init" in answer.output
    assert okr(str(tmp_path / "nowhere")).exit_code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_the_portfolio_is_one_page_that_works_from_disk(tmp_path):
    clients, out = tmp_path / "clients", tmp_path / "out" / "portfolio"
    out.parent.mkdir()
    workspace(clients / "calm", "Calm & <b>Sons</b>", "2026-11-22", {"on_track": 3}, {"fresh": 2})
    workspace(clients / "worse", "Worse", "2026-11-22", {"off_track": 2, "on_track": 1}, {"fresh": 1, "stale": 1})
    (clients / "worse" / ".okr" / "site" / "current").mkdir(parents=True)
    workspace(clients / "broken", "Broken", "2026-11-22", {}, {})
    (clients / "broken" / ".okr" / "okr.duckdb").write_bytes(b"no database")
    answer = okr(str(clients), "--site", str(out), "--locale", "es-ES")
    assert answer.exit_code == 1
    page = (out / "index.html").read_text()
    # what needs somebody first, and each row of itself alone
    assert page.index("broken") < page.index("Worse") < page.index("Calm")
    assert "Calm &amp; &lt;b&gt;Sons&lt;/b&gt;" in page
    assert 'href="../../clients/worse/.okr/site/current/index.html"' in page
    assert "2 " + Language("es-ES", []).text("Off track") in page.split("Worse")[1].split("</tr>")[0]
    assert "1 de 2 fuentes" in page
    assert "Espacios de trabajo" in page
    # nothing is fetched: what it names lies beside it
    named = re.findall(r'(?:href|src)="(assets/[^"]+)"', page)
    assert named
    assert all((out / one).is_file() for one in named)
    assert "://" not in re.sub(r"file://\S+", "", page)
    # again, in place of itself
    (clients / "broken" / ".okr" / "okr.duckdb").unlink()
    assert okr(str(clients), "--site", str(out)).exit_code == 1
    assert "never refreshed" in (out / "index.html").read_text()
    # a folder of somebody else's is not touched
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    refused = okr(str(clients), "--site", str(mine))
    assert "holds other files" in refused.output
    assert (mine / "thesis.txt").read_text() == "mine"
    assert "is no locale" in okr(str(clients), "--site", str(out), "--locale", "xx-YY").output


def test_each_is_refreshed_by_itself_and_what_fails_is_said_of_it_alone(tmp_path, monkeypatch):
    for name in ("acme", "beta"):
        folder = tmp_path / "clients" / name / "okr_definitions"
        folder.mkdir(parents=True)
        (folder / "a.yml").write_text(f"settings: {{organisation: {name}, currency: none}}\n", encoding="utf-8")
    # a channel of this shell is none of theirs
    monkeypatch.setenv("SOURCES__LINKEDIN_ADS__ACCOUNT_IDS", "1")
    answer = okr(str(tmp_path / "clients"), "--refresh", "--at-once", "2")
    assert answer.exit_code == 1
    said = sorted(line for line in answer.output.splitlines() if ": exit 2: " in line)
    assert [line.partition(": exit")[0].rpartition("/")[2] for line in said] == ["acme", "beta"]
    assert not (tmp_path / "elsewhere").exists()
