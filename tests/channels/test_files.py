"""File sources follow what changes in their folder, and what cannot be read stops nothing else."""

from __future__ import annotations

import os
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from okr_reports.channels.files import settle
from okr_reports.channels.load import load_channel
from okr_reports.common.finished_loads import finished_loads
from okr_reports.file_sources import MeasureColumn
from tests.channels.a_folder import Files, bound_by_rights


def test_a_copied_workspace_loads_into_its_own_warehouse(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("a.csv", "date,spend\n2026-09-01,1\n")
    first, copy = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    files.warehouse = Path("warehouse.duckdb")
    for workspace in (first, copy):
        monkeypatch.setenv("DLT_PROJECT_DIR", str(workspace))
        monkeypatch.chdir(workspace)
        # relative, as every command's is
        [result] = load_channel(
            "files",
            warehouse=files.warehouse,
            pipelines_dir=Path("dlt"),
            today=date(2026, 11, 23),
            file_sources=[files.source()],
            progress=files.said.append,
        )
        assert (result.state, files.rows("value")) == ("loaded", [(Decimal(1),)])
        if workspace == first:
            shutil.copytree(first, copy)
            Path(copy, "warehouse.duckdb").unlink()


def test_campaigns_known_by_name_alone_stay_apart(files: Files) -> None:
    files.write("a.csv", "date,id,name,spend\n2026-09-01,,A,1\n2026-09-01,,B,2\n2026-09-01,7,B,4\n2026-09-01,,,8\n")
    files.load(files.source(campaign_id="id", campaign_name="name", totals="keep"))
    by_id = [("", None, 8), ("7", "B", 4), ("A", "A", 1), ("B", "B", 2)]
    assert files.rows("campaign_id, campaign_name, value") == by_id
    files.load(files.source(campaign_name="name", totals="keep"))
    assert files.rows("campaign_id, campaign_name, value") == [("", None, 8), ("A", "A", 1), ("B", "B", 6)]


def test_a_key_holds_within_a_file_and_equal_rows_of_two_count_once(files: Files) -> None:
    files.write("a.csv", "date,c,spend\n2026-09-01,x,1\n")
    source = files.source(campaign_id="c", key=("date", "campaign_id"))
    assert [one.state for one in files.load(source)] == ["loaded"]
    files.write("0.csv", "date,c,spend\n2026-09-02,x,1\n2026-09-01,x,1\n")
    files.write("b.csv", "date,c,spend\n2026-09-03,x,1\n2026-09-03,x,2\n")
    loaded, refused = files.load(source)
    assert (loaded.state, refused.state) == ("loaded", "partial")
    assert "line 3" in str(refused.error)
    assert any("have 1 equal rows of the same days" in one and "on_overlap: newest" in one for one in files.said)
    assert files.counted("source_file, date, value") == [("0.csv", date(2026, 9, 1), 1), ("0.csv", date(2026, 9, 2), 1)]


def test_many_rows_are_streamed_and_say_the_same(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("spend", "clicks", "leads", "opens", "orders")
    source = files.source(campaign_name="c", currency="USD", measures=files.measures(**{name: name for name in names}))

    def at(name: str, most: int) -> tuple[int, int]:
        """The rows of a file in each of the two tables."""
        monkeypatch.setattr(settle, "_MANY", most)
        with duckdb.connect(str(files.warehouse)) as kept_open:
            assert {one.state for one in files.load(source)} == {"loaded"}
            attached = kept_open.sql("select database_name from duckdb_databases() where not internal").fetchall()
            assert attached == [(files.warehouse.stem,)]
            counts = []
            for table in ("measures", "wide_measures"):
                unfinished = f"select count(*) from files.{table} where _dlt_load_id not in ({finished_loads('files')})"
                assert kept_open.sql(unfinished).fetchall() == [(0,)]
                of_file = f"select count(*) from files.{table} where source_file = ?"
                [(count,)] = kept_open.execute(of_file, [name]).fetchall()
                counts.append(count)
        return counts[0], counts[1]

    def write(name: str, last: int) -> None:
        days = "".join(f"2026-0{1 + ('b' in name)}-0{day},c {day},{day}.5,,,,{day}\n" for day in range(1, last))
        files.write(name, f"date,c,{','.join(names)}\n{days}2026-03-0{1 + ('b' in name)},d,,{last},,,\n")

    write("it's.csv", 2)
    write("b.csv", 2)
    assert at("b.csv", 1) == (0, 3)
    write("it's.csv", 7)
    assert at("it's.csv", 1) == (0, 13)
    what = "source_file, campaign_id, campaign_name, currency, measure, value, channel"
    streamed = files.rows(what)
    assert ("it's.csv", "c 6", "c 6", "USD", "spend", Decimal("6.5"), "ads") in streamed
    assert len(streamed) == 13 + 3
    files.write("it's.csv", (files.folder / "it's.csv").read_text() + "\n")
    assert at("it's.csv", 1_000) == (13, 0)
    assert files.rows(what) == streamed
    files.write("it's.csv", (files.folder / "it's.csv").read_text() + "\n")
    assert at("it's.csv", 1) == (0, 13)
    assert files.rows(what) == streamed
    (files.folder / "it's.csv").unlink()
    assert at("it's.csv", 1) == (0, 0)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(files: Files) -> None:
    path = files.write("a.csv", "date,spend\n2026-09-01,1\n")
    os.truncate(path, 1 << 42)  # four terabytes of nothing, which take no room and hours to read
    [result] = files.load(files.source())
    assert result.state == "failed"
    assert "is larger than 2 GB" in str(result.error)


def test_brackets_in_names_are_no_wildcards(files: Files) -> None:
    folder = files.folder / "[2026] año"
    folder.mkdir()
    for name in ("a [1].csv", "b [1].csv", "b [2].csv"):
        (folder / name).write_text(f"date,spend\n2026-09-01,{len(name)}\n")
    for pattern, names in (
        ("a [1].csv", ["a [1].csv"]),
        ("b*.csv", ["b [1].csv", "b [2].csv"]),
        ("**/b [[]1].csv", ["b [1].csv"]),
    ):
        source = files.source(f"[2026] año/{pattern}", folder=folder)
        assert [one.state for one in files.load(source)] == ["loaded"]
        assert files.rows("source_file") == [(name,) for name in names]


def test_accounts_have_their_own_data_through(files: Files) -> None:
    files.write("a.csv", "date,account,spend\n2026-09-01,x,1\n2026-09-05,y,1\n")
    files.write("b.csv", "date,account,spend\n2026-09-03,x,1\n")
    results = files.load(files.source(account_id="account"))
    assert [(one.account_id, one.rows, one.data_through) for one in results] == [
        ("x", 2, date(2026, 9, 3)),
        ("y", 1, date(2026, 9, 5)),
    ]


def test_unchanged_files_are_not_read_again_changed_ones_are_replaced_gone_ones_emptied(files: Files) -> None:
    kept, gone = files.write("a.csv", "date,spend\n2026-09-01,1\n"), files.write("b.csv", "date,spend\n2026-09-03,2\n")
    files.load(files.source())
    files.said.clear()
    assert files.load(files.source())[0].rows == 2
    assert files.said == []
    kept.write_text("date,spend\n2026-09-01,5\n")
    gone.unlink()
    [result] = files.load(files.source())
    assert files.rows("date, source_file, value") == [(date(2026, 9, 1), "a.csv", Decimal(5))]
    assert result.rows == 1


def test_a_load_that_died_between_its_two_tables_is_made_good(files: Files) -> None:
    changed, gone = (
        files.write("a.csv", "date,spend\n2026-09-01,1\n"),
        files.write("b.csv", "date,spend\n2026-09-01,2\n"),
    )
    files.load(files.source())
    changed.write_text("date,spend\n2026-09-01,5\n")
    files.load(files.source())
    gone.unlink()
    with duckdb.connect(str(files.warehouse)) as connection:
        # what a kill leaves when the list of files was written and their rows were not
        connection.execute("update files.measures set value = 1 where source_file = 'a.csv'")
        connection.execute("update files.loaded_files set _dlt_load_id = 'died' where source_file = 'a.csv'")
        connection.execute("delete from files.loaded_files where source_file = 'b.csv'")
    files.load(files.source())
    assert files.rows("source_file, value") == [("a.csv", Decimal(5))]
    with duckdb.connect(str(files.warehouse)) as connection:
        # what the very first load leaves, if it is killed when its rows are written
        connection.execute("delete from files._dlt_loads")
    [result] = files.load(files.source())
    assert (files.rows("source_file, value"), result.rows) == ([("a.csv", Decimal(5))], 1)


def test_another_declaration_reads_the_file_again(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-09-01,1\n")
    files.load(files.source())
    files.load(files.source(measures={"spend": MeasureColumn("spend", Decimal(10))}))
    assert files.rows("value") == [(Decimal(10),)]


def test_loading_one_source_leaves_the_others(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-09-01,1\n")
    files.write("b.txt", "date,spend\n2026-09-01,2\n")
    both = files.source(), files.source("*.txt", id="other", channel="other")
    files.load(*both)
    assert [result.channel for result in files.load(both[0])] == ["ads"]
    assert files.rows("source_id") == [("ads",), ("other",)]


def test_a_source_that_is_no_longer_declared_is_emptied(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-09-01,1\n")
    files.load(files.source(), files.source(id="removed"))
    load_channel(
        "files",
        warehouse=files.warehouse,
        pipelines_dir=files.folder / "dlt",
        today=date(2026, 11, 23),
        file_sources=[],
        declared_sources=["ads"],
        progress=files.said.append,
    )
    assert files.rows("source_id") == [("ads",)]


def test_a_broken_file_keeps_its_last_good_rows_and_the_others_load(files: Files) -> None:
    broken = files.write("a.csv", "date,spend\n2026-09-01,1\n")
    files.load(files.source())
    broken.write_text("date,spend\n2026-09-01,1\n2026-09-02,oops\n")
    files.write("b.csv", "date,spend\n2026-09-03,3\n")
    loaded, failed = files.load(files.source())
    assert (loaded.state, loaded.data_through) == ("loaded", date(2026, 9, 3))
    assert failed.state == "partial"
    assert files.rows("value") == [(Decimal(1),), (Decimal(3),)]


def test_a_source_whose_files_are_all_gone_has_failed_and_keeps_its_rows(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-09-01,1\n").rename(files.folder / "b.csv")
    files.load(files.source())
    (files.folder / "b.csv").rename(files.folder / "b.away")
    kept, failed = files.load(files.source())
    assert (kept.rows, kept.data_through) == (1, date(2026, 9, 1))
    assert failed.state == "failed"
    assert "no file matches" in str(failed.error)
    assert files.rows("value") == [(Decimal(1),)]


def test_a_source_without_a_file_does_not_make_another_source_of_its_channel_fail(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-09-01,1\n")
    loaded, missing = files.load(files.source(), files.source("*.tsv", id="more"))
    assert (loaded.state, missing.state) == ("loaded", "partial")
    assert "no file matches" in str(missing.error)


def test_a_file_without_the_right_to_read_it_keeps_its_rows_and_the_others_load(files: Files) -> None:
    closed = files.write("a.csv", "date,spend\n2026-09-01,1\n")
    files.load(files.source())
    closed.write_text("date,spend\n2026-09-01,2\n")
    closed.chmod(0)
    files.write("b.csv", "date,spend\n2026-09-03,3\n")
    with bound_by_rights():
        loaded, refused = files.load(files.source())
    assert (loaded.state, loaded.data_through, refused.state) == ("loaded", date(2026, 9, 3), "partial")
    assert refused.error == (
        f"ads: {closed} cannot be read (Permission denied); give this user the right to read it, or bring the file back"
        " (declared at imports.yml:3)"
    )
    assert refused.error in files.said
    assert files.rows("value") == [(Decimal(1),), (Decimal(3),)]
    closed.chmod(0o600)
    assert [(one.state, one.rows) for one in files.load(files.source())] == [("loaded", 2)]
    assert files.rows("value") == [(Decimal(2),), (Decimal(3),)]


@pytest.mark.parametrize("pattern", ["*/x.csv", "**/x.csv", "**"])
@pytest.mark.parametrize("rights", [0, 0o400])
def test_a_folder_without_the_right_to_list_it_keeps_the_rows_of_its_files(
    files: Files, tmp_path: Path, pattern: str, rights: int
) -> None:
    folder = tmp_path / "years"
    for year in (2025, 2026):
        (folder / str(year)).mkdir(parents=True)
        (folder / str(year) / "x.csv").write_text(f"date,spend\n{year}-09-01,{year}\n")
    source = files.source(f"years/{pattern}")
    assert [one.rows for one in files.load(source)] == [2]
    (folder / "2025").chmod(rights)
    (folder / "2026" / "x.csv").write_text("date,spend\n2026-09-01,1\n")
    with bound_by_rights():
        loaded, *refused = files.load(source)
    assert (loaded.state, loaded.rows) == ("loaded", 2)
    assert {one.state for one in refused} == {"partial"}
    assert all(f"{folder / '2025'}" in str(one.error) for one in refused)
    assert all("cannot be read (Permission denied)" in str(one.error) for one in refused)
    assert files.rows("value") == [(Decimal(1),), (Decimal(2025),)]


@pytest.mark.parametrize("pattern", ["*.csv", "x.csv"])
def test_a_folder_without_rights_is_not_one_without_files(files: Files, pattern: str) -> None:
    folder = files.folder / "closed"
    folder.mkdir()
    files.write("closed/x.csv", "date,spend\n2026-09-01,1\n")
    files.load(files.source(f"closed/{pattern}"))
    folder.chmod(0)
    with bound_by_rights():
        kept, failed = files.load(files.source(f"closed/{pattern}"))
    assert (kept.rows, failed.state) == (1, "failed")
    assert "cannot be read (Permission denied)" in str(failed.error)
    assert files.rows("value") == [(Decimal(1),)]


def test_a_link_whose_file_is_away_keeps_its_rows(files: Files) -> None:
    (files.folder / "share").mkdir()
    files.write("share/a", "date,spend\n2026-09-01,1\n")
    (files.folder / "a.csv").symlink_to("share/a")
    files.write("b.csv", "date,spend\n2026-09-02,2\n")
    files.load(files.source())
    (files.folder / "share").rename(files.folder / "away")
    _, refused = files.load(files.source())
    assert refused.state == "partial"
    assert "a.csv cannot be read (No such file or directory)" in str(refused.error)
    assert files.rows("value") == [(Decimal(1),), (Decimal(2),)]


def test_a_file_that_vanishes_during_the_load_stops_no_other(files: Files) -> None:
    paths = [
        files.write(name, f"date,spend\n2026-09-0{day},1\n") for day, name in enumerate(("a.csv", "b.txt", "c.txt"), 1)
    ]

    class Said(list[str]):
        def append(self, said: str) -> None:
            super().append(said)
            if "a.csv, 1 rows" in said:
                paths[1].unlink()

    files.said = Said()
    loaded, refused = files.load(files.source(), files.source("*.txt", id="more"))
    assert (loaded.rows, refused.state) == (2, "partial")
    assert "b.txt cannot be read (No such file or directory)" in str(refused.error)


def test_folders_and_pipes_are_no_files(files: Files) -> None:
    (files.folder / "folder.csv").mkdir()
    os.mkfifo(files.folder / "pipe.csv")
    files.write("a.csv", "date,spend\n2026-09-01,1\n")
    assert [one.state for one in files.load(files.source())] == ["loaded"]


def test_days_to_come_are_kept_and_are_no_news_of_today(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-11-20,1\n2026-12-31,2\n")
    [result] = files.load(files.source())
    assert (result.state, result.rows, result.data_through) == ("loaded", 2, date(2026, 11, 20))
    assert any("rows up to 2026-12-31, after today" in said for said in files.said)
    # read again on a later day, unchanged
    [later] = load_channel(
        "files",
        warehouse=files.warehouse,
        pipelines_dir=files.folder / "dlt",
        today=date(2027, 1, 5),
        file_sources=[files.source()],
        progress=files.said.append,
    )
    assert later.data_through == date(2026, 12, 31)


def test_a_file_of_days_to_come_alone_says_nothing_yet(files: Files) -> None:
    files.write("a.csv", "date,spend\n2026-12-31,2\n")
    [result] = files.load(files.source())
    assert (result.state, result.rows, result.data_through) == ("loaded", 1, None)


def test_a_day_more_than_a_year_ahead_is_a_slip_of_the_pen(files: Files) -> None:
    said = files.error("date,spend\n2026-11-20,1\n2198-01-01,2\n")
    assert "is more than a year after today, 2026-11-23" in said
