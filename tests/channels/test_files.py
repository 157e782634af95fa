"""File sources: good files become exact measures, bad ones say file, row and column, and lose nothing."""

from __future__ import annotations

import csv
import shutil
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.channels.base import LoadResult
from pipelines.channels.load import load_channel
from pipelines.file_sources import FileSource, MeasureColumn


class Files:
    """A folder of files and a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"
        self.said: list[str] = []

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def source(self, pattern: str = "*.csv", **changed: Any) -> FileSource:
        given = {
            "id": "ads",
            "channel": "ads",
            "date": "date",
            "measures": {"spend": MeasureColumn("spend")},
            "defined_at": "imports.yml:3",
            **changed,
        }
        return FileSource(pattern=self.folder / pattern, **given)

    def load(self, *sources: FileSource) -> list[LoadResult]:
        return load_channel(
            "files",
            warehouse=self.warehouse,
            pipelines_dir=self.folder / "dlt",
            today=date(2026, 11, 23),
            file_sources=sources,
            progress=self.said.append,
        )

    def rows(self, what: str = "date, campaign_id, measure, value") -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(f"select {what} from files.measures order by all").fetchall()

    def error(self, text: str | bytes, name: str = "a.csv", **source: Any) -> str:
        """The one error that a file gives."""
        self.write(name, text)
        [result] = self.load(self.source(name, **source))
        assert (result.channel, result.state, result.rows) == ("ads", "failed", 0)
        assert result.error is not None
        assert name in result.error
        assert "imports.yml:3" in result.error
        return result.error


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    return Files(tmp_path)


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


def test_exact_decimals_scaled_and_summed(files: Files) -> None:
    files.write(
        "a.csv",
        "date,campaign,cost_micros,leads\n2026-09-01,1,100000,1\n2026-09-01,1,200000,\n"
        "2026-09-01,2,20836690,0\n2026-09-02 00:00:00,1,,\n",
    )
    source = files.source(
        campaign_id="campaign",
        measures={"spend": MeasureColumn("cost_micros", Decimal("0.000001")), "leads": MeasureColumn("leads")},
    )
    [result] = files.load(source)
    assert files.rows() == [
        (date(2026, 9, 1), "1", "leads", Decimal(1)),
        (date(2026, 9, 1), "1", "spend", Decimal("0.3")),
        (date(2026, 9, 1), "2", "leads", Decimal(0)),
        (date(2026, 9, 1), "2", "spend", Decimal("20.83669")),
    ]
    assert (result.rows, result.window_from, result.data_through) == (4, date(2026, 9, 1), date(2026, 9, 2))


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("\ufeffdate;spend\r\n2026-09-01;12,5\r\n2026-09-02;1.234,75\r\n", {}),
        ("date\tspend\n2026-09-01\t12.5\n2026-09-02\t1234.75\n", {}),
        ('"date","name","spend"\n2026-09-01,"a ""b"", c\nd",12.5\n\n2026-09-02,é,1234.75\n,,\n', {}),
        ("date,spend\n01/09/2026,12.5\n02/09/2026,1234.75\n", {"date_format": "%d/%m/%Y"}),
        ("date;spend\n2026-09-01T00:00:00Z;12.5\n2026-09-02;+1.23475e3\n", {}),
        ("date,spend\r2026-09-01,12.5\r2026-09-02,1234.75\r", {}),
    ],
)
def test_the_ways_of_writing_csv(files: Files, text: str, declared: dict[str, Any]) -> None:
    files.write("a.csv", text)
    [result] = files.load(files.source(**declared))
    assert result.state == "loaded", result.error
    assert files.rows("date, value") == [(date(2026, 9, 1), Decimal("12.5")), (date(2026, 9, 2), Decimal("1234.75"))]


def test_excel_reads_the_named_sheet_with_its_own_dates_and_ids(files: Files) -> None:
    book = openpyxl.Workbook()
    book.active.append(["not", "this"])
    sheet = book.create_sheet("Media")
    for row in (["date", "campaign", "spend"], [datetime(2026, 9, 1), 77, 0.1], ["02/09/2026", "77", "0.2"], [None]):
        sheet.append(row)
    book.save(files.folder / "a.xlsx")
    [result] = files.load(files.source("a.xlsx", sheet="Media", campaign_id="campaign", date_format="%d/%m/%Y"))
    assert result.state == "loaded", result.error
    assert files.rows() == [
        (date(2026, 9, 1), "77", "spend", Decimal("0.1")),
        (date(2026, 9, 2), "77", "spend", Decimal("0.2")),
    ]


def test_parquet_of_any_types(files: Files) -> None:
    table = pa.table(
        {
            "date": pa.array([date(2026, 9, 1), date(2026, 9, 2)]),
            "campaign": [1.0, None],
            "spend": pa.array([Decimal("0.10"), None], pa.decimal128(10, 2)),
            "extra": [[1], [2]],
        }
    )
    pq.write_table(table, files.folder / "a.parquet")
    [result] = files.load(files.source("a.parquet", campaign_id="campaign"))
    assert result.state == "loaded", result.error
    assert files.rows() == [(date(2026, 9, 1), "1", "spend", Decimal("0.1"))]
    assert result.data_through == date(2026, 9, 2)


def test_accounts_have_their_own_data_through(files: Files) -> None:
    files.write("a.csv", "date,account,spend\n2026-09-01,x,1\n2026-09-05,y,1\n")
    files.write("b.csv", "date,account,spend\n2026-09-03,x,1\n")
    results = files.load(files.source(account_id="account"))
    assert [(one.account_id, one.rows, one.data_through) for one in results] == [
        ("x", 2, date(2026, 9, 3)),
        ("y", 1, date(2026, 9, 5)),
    ]


def test_unchanged_files_are_not_read_again_changed_ones_are_replaced_gone_ones_emptied(files: Files) -> None:
    kept, gone = files.write("a.csv", "date,spend\n2026-09-01,1\n"), files.write("b.csv", "date,spend\n2026-09-01,2\n")
    files.load(files.source())
    files.said.clear()
    assert files.load(files.source())[0].rows == 2
    assert files.said == []
    kept.write_text("date,spend\n2026-09-02,5\n")
    gone.unlink()
    [result] = files.load(files.source())
    assert files.rows("date, source_file, value") == [(date(2026, 9, 2), "a.csv", Decimal(5))]
    assert result.rows == 1


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


@pytest.mark.parametrize(
    ("text", "declared", "words"),
    [
        ("date,cost\n2026-09-01,1\n", {}, ["no column 'spend'", "date, cost"]),
        ("date,Spend\n2026-09-01,1\n", {}, ["no column 'spend'", "did you mean 'Spend'"]),
        ("date,spend,spend\n2026-09-01,1,2\n", {}, ["two columns named 'spend'"]),
        (
            "date,spend\n2026-09-01,1\n01.09.2026,1\n",
            {},
            ["line 3", "'date'", "'01.09.2026' is not a date", "date_format"],
        ),
        ("date,spend\n2026-13-01,1\n", {}, ["line 2", "'2026-13-01' is not a date"]),
        ("date,spend\n2026-09-01 12:30:00,1\n", {}, ["is not a date"]),
        ("date,spend\n,1\n", {}, ["line 2", "the empty cell is not a date"]),
        ("date,spend\n09/31/26,1\n", {"date_format": "%d/%m/%Y"}, ["'09/31/26' is not a date", "30/09/2026"]),
        ("date,spend\n2026-09-01,1\n", {"date_format": "%Q"}, ["date_format '%Q'"]),
        ("date,spend\n2026-09-01,1\n\n2026-09-02,n/a\n", {}, ["line 4", "'spend'", "'n/a' is not a number", "1234.56"]),
        ("date,spend\n2026-09-01,1_000\n", {}, ["'1_000' is not a number"]),
        ("date;spend\n2026-09-01;1,234\n", {}, ["'1,234' is not a number"]),
        ("date,spend\n2026-09-01,1e30\n", {}, ["line 2", "'1e30' is too large"]),
        ("date,spend\n2026-09-01,1\n2026-09-02\n", {}, ["line 3 has 1 columns where the header has 2"]),
        ("date,spend\n2026-09-01,1,9\n", {}, ["line 2 has 3 columns where the header has 2"]),
        ('date,spend\n2026-09-01,"1\n', {}, ["line 2", "quotation mark"]),
        ("date,spend,cur\n2026-09-01,1,EURO\n", {"currency_column": "cur"}, ["line 2", "'EURO' is not a currency"]),
        ("date,spend,cur\n2026-09-01,1,\n", {"currency_column": "cur"}, ["line 2", "the empty cell is not a currency"]),
        (
            "date,spend,cur\n2026-09-01,1,EUR\n2026-09-01,1,USD\n",
            {"currency_column": "cur"},
            ["line 2 and line 3", "EUR and USD"],
        ),
        (
            "date,c,spend\n2026-09-01,7,1\n2026-09-01,8,1\n2026-09-01,7,1\n",
            {"campaign_id": "c", "key": ("date", "campaign_id")},
            ["line 2 and line 4", "date 2026-09-01, campaign_id 7"],
        ),
        ("date,spend\n46266,1\n", {}, ["line 2", "'46266' is not a date"]),
        ("date,spend\n2026-09-01T23:30:00-05:00,1\n", {}, ["line 2", "is not a date"]),
        ("date,spend\n2026-09-01,1e308\n", {}, ["line 2", "'1e308' is too large"]),
        ("date,spend\n2026-09-01,NaN\n", {}, ["line 2", "'NaN' is not a number"]),
        ("date,spend\n" + "2026-09-01,9999999999999999999\n" * 3, {}, ["sum is too large"]),
        ("date;spend\n2026-09-01;1\u00a0234,50\n", {}, ["line 2", "is not a number"]),
        ("date,spend\n2026-09-01,1\n", {"campaign_id": "c"}, ["no column 'c'"]),
        ("", {}, ["is empty"]),
        (b"date,spend\n2026-09-01,\xe9\n", {}, ["line 2 is not UTF-8"]),
        ("date,spend\n2026-09-01,1\n".encode("utf-16"), {}, ["is not UTF-8"]),
    ],
)
def test_bad_files_say_where_and_what_to_do(
    files: Files, text: str | bytes, declared: dict[str, Any], words: Sequence[str]
) -> None:
    error = files.error(text, **declared)
    for word in words:
        assert word in error


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)


def _external_entity(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["date", "spend"])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    parts["xl/workbook.xml"] = entity + parts["xl/workbook.xml"].split(b"?>")[-1]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("name", "make", "word"),
    [
        ("a.xlsx", lambda path: path.write_bytes(b"PK\x03\x04 nothing more"), "not a readable Excel file"),
        ("a.xlsx", _zip_bomb, "suspiciously much"),
        ("a.xlsx", _external_entity, "declares entities"),
        ("a.parquet", lambda path: path.write_bytes(b"PAR1 nothing more PAR1"), "not a readable Parquet file"),
        ("a.parquet", lambda path: pq.write_table(pa.table({"date": [1], "spend": [[1]]}), path), "lists or records"),
        ("a.duckdb", lambda path: path.write_bytes(b"DUCK"), "kind that is not read"),
        ("a.csv.gz", lambda path: path.write_bytes(b"\x1f\x8b"), "kind that is not read"),
    ],
)
def test_hostile_files_are_refused(files: Files, name: str, make: Callable[[Path], object], word: str) -> None:
    make(files.folder / name)
    [result] = files.load(files.source(name))
    assert result.state == "failed"
    assert word in (result.error or "")


def _sheet(*rows: Sequence[Any]) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        if rows[0][-1] is None:
            book.active.merge_cells("A1:B1")
        book.save(path)

    return make


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        # Excel's errors are neither nothing nor a number
        ("a.xlsx", _sheet(["date", "spend"], [datetime(2026, 9, 1), "#DIV/0!"]), ["row 2", "'#ERROR' is not a number"]),
        ("a.xlsx", _sheet(["date", "spend"], ["#N/A", 1]), ["row 2", "'#ERROR' is not a date"]),
        ("a.xlsx", _sheet(["date", "spend"], [46266, 1]), ["row 2", "'46266' is not a date"]),
        ("a.xlsx", _sheet(["date", "spend"], [datetime(2026, 9, 1), True]), ["row 2", "'True' is not a number"]),
        # a formula whose result nobody has worked out is no empty cell
        ("a.xlsx", _sheet(["date", "spend"], [datetime(2026, 9, 1), "=B3*2"]), ["sheet 'Sheet', cell B2", "'=B3*2'"]),
        ("a.xlsx", _sheet(["date", "spend"], ["=TODAY()", None]), ["cell A2", "save it"]),
        ("a.xlsx", _sheet(["A report", None], ["date", "spend"]), ["no column 'date'", "A report"]),
        (
            "a.parquet",
            lambda path: pq.write_table(pa.table({"date": [date(2026, 9, 1)], "spend": [float("inf")]}), path),
            ["row 1", "'inf' is not a number"],
        ),
    ],
)
def test_cells_that_are_no_value_are_named(
    files: Files, name: str, make: Callable[[Path], object], words: Sequence[str]
) -> None:
    make(files.folder / name)
    [result] = files.load(files.source(name))
    assert result.state == "failed"
    for word in words:
        assert word in (result.error or "")


def test_a_formula_beside_the_wanted_columns_is_nobodys_business(files: Files) -> None:
    _sheet(["date", "spend", "note"], [datetime(2026, 9, 1), 5, "=B2*2"], [datetime(2026, 9, 2), None, "=B3*2"])(
        files.folder / "a.xlsx"
    )
    [result] = files.load(files.source("a.xlsx"))
    assert (result.state, files.rows("value")) == ("loaded", [(Decimal(5),)])


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
    assert "line 3, column 'date': '2198-01-01' is more than a year after today, 2026-11-23" in said


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.parquet"])
def test_a_file_with_a_header_and_no_rows_is_loaded_with_nothing(files: Files, name: str) -> None:
    none = pa.table({"date": pa.array([], pa.date32()), "spend": pa.array([], pa.float64())})
    {
        "a.csv": lambda path: path.write_text("date,spend\n"),
        "a.xlsx": _sheet(["date", "spend"]),
        "a.parquet": lambda path: pq.write_table(none, path),
    }[name](files.folder / name)
    [result] = files.load(files.source(name))
    assert (result.state, result.rows, result.data_through) == ("loaded", 0, None)


def test_a_pattern_without_files_is_an_error_that_names_it(files: Files) -> None:
    [result] = files.load(files.source("nothing_*.csv"))
    assert result.state == "failed"
    assert "nothing_*.csv" in (result.error or "")


def test_a_missing_sheet_names_those_there_are(files: Files) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Data"
    book.save(files.folder / "a.xlsx")
    [result] = files.load(files.source("a.xlsx", sheet="Media"))
    assert "no sheet 'Media'; it has Data" in (result.error or "")


def test_hostile_texts_stay_texts(files: Files) -> None:
    names = ["<script>alert(1)</script>", "=1+1", "'; drop table measures; --", "{{ 7*7 }}"]
    with (files.folder / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["date", "c", "spend"], *(["2026-09-01", name, 1] for name in names)])
    files.load(files.source(campaign_id="c", campaign_name="c"))
    assert sorted(name for (name,) in files.rows("campaign_name")) == sorted(names)
