"""File sources: bad files say file, row and column, and lose nothing; empty and hostile ones do no harm."""

from __future__ import annotations

import csv
import resource
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from okr_reports.channels.files.read import read_source
from tests.channels.a_folder import Files, sheet


@pytest.mark.parametrize(
    ("text", "declared", "words"),
    [
        ("date,cost\n2026-09-01,1\n", {}, ["no column 'spend'", "it has date, cost. Correct the file"]),
        ("date,Spent\n2026-09-01,1\n", {}, ["no column 'spend'", "did you mean 'Spent'"]),
        ("date,spend,spend\n2026-09-01,1,2\n", {}, ["two columns named 'spend'"]),
        (
            "date,spend\n2026-09-01,1\n31.09.2026,1\n",
            {},
            ["line 3 ('31.09.2026')", "column 'date'", "is not a date", "date_format"],
        ),
        ("date,spend\n2026-13-01,1\n", {}, ["line 2 ('2026-13-01')", "is not a date"]),
        ("date,spend\n2026-09-01 25:30:00 PDT,1\n", {}, ["is not a date"]),
        ("date,spend\n,1\n", {}, ["line 2 (the empty cell)", "is not a date"]),
        ("date,spend\n09/31/26,1\n", {"date_format": "%d/%m/%Y"}, ["('09/31/26')", "is not a date", "30/09/2026"]),
        ("date,spend\n2026-09-01,1\n", {"date_format": "%Q"}, ["is not a date", "dates are read as %Q"]),
        (
            "date,spend\n2026-09-01,1\n\n2026-09-02,some\n",
            {},
            ["line 4 ('some')", "'spend'", "is not a number", "1234.56"],
        ),
        ("date,spend\n2026-09-01,1_000\n", {}, ["('1_000')", "is not a number"]),
        ("date;spend\n2026-09-01;1,234\n", {}, ["line 2 ('1,234')", "may be a thousand"]),
        ("date;spend\n2026-09-01;12\n2026-09-02;1.234\n", {}, ["line 3 ('1.234')", "may be a thousand"]),
        ("date,spend\n2026-09-01,1e30\n", {}, ["line 2 ('1e30')", "is too large"]),
        ("date,spend\n2026-09-01,1\n2026-09-02\n", {}, ["line 3", "fewer cells than the header has"]),
        ("date,spend\n2026-09-01,1,9\n", {}, ["line 2 ('9')", "more cells than the header has"]),
        ('date,spend\n2026-09-01,"1\n', {}, ["line 2", "quotation mark"]),
        ("date,spend,cur\n2026-09-01,1,EURO\n", {"currency_column": "cur"}, ["line 2 ('EURO')", "not a currency"]),
        ("date,spend,cur\n2026-09-01,1,\n", {"currency_column": "cur"}, ["line 2 (the empty cell)", "not a currency"]),
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
        ("date,spend\n46266,1\n", {}, ["line 2 ('46266')", "is not a date"]),
        ("date,spend\n2026-09-01T23:30:00Z,1\n", {}, ["times of day in UTC", "timezone: Europe/Madrid"]),
        ("date,spend\n2026-09-01,1e308\n", {}, ["line 2 ('1e308')", "is too large"]),
        ("date,spend\n2026-09-01,NaN\n", {}, ["line 2 ('NaN')", "is not a number"]),
        ("date,spend\n" + "2026-09-01,9999999999999999999\n" * 3, {}, ["sum is too large"]),
        ("date;spend\n2026-09-01;1\u00a0234\u00a05\n", {}, ["line 2", "is not a number"]),
        ("date,spend\n2026-09-01,1\n", {"campaign_id": "c"}, ["no column 'c'"]),
        ("", {}, ["is empty"]),
        ("date,nöte,spend\n2026-09-01,".encode() + b"\xe9,1\n", {}, ["line 2 is not UTF-8", "0xE9", "encoding"]),
        (b"date,sp\x8end\n2026-09-01,1\n", {}, ["line 1 is not UTF-8 text", "save it as CSV UTF-8"]),
        # nothing but a mark says that it is UTF-16, and UTF-32's begins with the same two bytes
        ("date,spend\n2026-09-01,1\n".encode("utf-16-le"), {}, ["is not UTF-8 text", "save it as CSV UTF-8"]),
        ("date,spend\n2026-09-01,1\n".encode("utf-32"), {}, ["is not UTF-8 text", "save it as CSV UTF-8"]),
        (b"\xff\xfe", {}, ["is empty"]),
        ("date\tspend\r\n2026-09-01\t1\r\n2026-09-01\toops\r\n".encode("utf-16"), {}, ["line 3", "not a number"]),
        ("date\tspend\n2026-09-01\t1.234\n".encode("utf-16"), {}, ["line 2 ('1.234')", "may be a thousand"]),
        ("date\tspend\r\n2026-09-01\t1".encode("utf-16") + b"x", {}, ["line 2 is not UTF-16 text"]),
        ("date\tspend\r\n".encode("utf-16") + b"\x00\xd8\n\x00", {}, ["line 2 is not UTF-16 text", "CSV UTF-8"]),
        (
            b"\xfe\xff" + "dat\ue000e\tspend\n".encode("utf-16-be").replace(b"\xe0", b"\xdc"),
            {},
            ["line 1 is not UTF-16"],
        ),
        ("sep=;\ndate;spend\n2026-09-01;1\n\n2026-09-02;some\n", {}, ["line 5 ('some')", "is not a number"]),
        ("sep=;\ndate;spend\n2026-09-01;1\n2026-09-02;1;2\n", {}, ["line 4", "more cells"]),
        ("sep=;\ndate,spend\n2026-09-01,1\n", {}, ["no column 'date'", "it has date,spend"]),
        ("sep=:\ndate:spend\n2026-09-01:1\n", {}, ["line 1 names a delimiter that is not read (':')"]),
        ("sep=;\n", {}, ["is empty"]),
    ],
)
def test_bad_files_say_where_and_what_to_do(
    files: Files, text: str | bytes, declared: dict[str, Any], words: Sequence[str]
) -> None:
    error = files.error(text, **declared)
    for word in words:
        assert word in error


def test_a_break_far_into_a_file_of_utf16_is_named_by_its_line(files: Files) -> None:
    text = "\ufeffdate\tspend\r\n" + "2026-09-01\t12\r\n" * 250_000
    # a piece ends between the two characters of a line's end
    assert any(text[1 + at // 2 - 1] == "\r" for at in range(1024**2, 2 * len(text), 1024**2))
    error = files.error(text.encode("utf-16-le") + b"2\x00\x00\xd8\n\x00")
    assert "line 250002 is not UTF-16 text" in error


def test_a_disk_without_room_to_decode_is_named(files: Files) -> None:
    path = files.write("a.csv", ("date\tspend\n" + "2026-09-01\t1\n" * 50_000).encode("utf-16"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with read_source(files.source(), {"a.csv": path}, date(2026, 11, 23)) as read:
            [fault] = read.faults["a.csv"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (fault.what, "make room in" in fault.todo) == ("cannot be read (File too large)", True)


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
        ("a.xlsx", lambda path: path.write_bytes(b"PK\x03\x04 nothing more"), "not a readable archive"),
        ("a.xlsx", _zip_bomb, "suspiciously much"),
        ("a.xlsx", _external_entity, "declares entities"),
        ("a.parquet", lambda path: path.write_bytes(b"PAR1 nothing more PAR1"), "not a readable Parquet file"),
        ("a.parquet", lambda path: pq.write_table(pa.table({"date": [1], "spend": [[1]]}), path), "lists or records"),
        ("a.duckdb", lambda path: path.write_bytes(b"DUCK\0"), "is not UTF-8 text"),
        ("a.csv.gz", lambda path: path.write_bytes(b"\x1f\x8b"), "not a readable archive"),
    ],
)
def test_hostile_files_are_refused(files: Files, name: str, make: Callable[[Path], object], word: str) -> None:
    make(files.folder / name)
    [result] = files.load(files.source(name, roots=(Path("/"),)))
    assert result.state == "failed"
    assert word in (result.error or "")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        # Excel's errors are neither nothing nor a number
        ("a.xlsx", sheet(["date", "spend"], [datetime(2026, 9, 1), "#DIV/0!"]), ["row 2", "an error of the sheet"]),
        ("a.xlsx", sheet(["date", "spend"], ["#N/A", 1]), ["row 2 ('#ERROR')", "is not a date"]),
        ("a.xlsx", sheet(["date", "spend"], [46266, 1]), ["row 2 ('46266')", "is not a date"]),
        ("a.xlsx", sheet(["date", "spend"], [datetime(2026, 9, 1), True]), ["row 2 ('True')", "is not a number"]),
        # a formula whose result nobody has worked out is no empty cell
        (
            "a.xlsx",
            sheet(["date", "spend"], [datetime(2026, 9, 1), "=B3*2"]),
            ["sheet 'Sheet', row 2", "no result in the file"],
        ),
        ("a.xlsx", sheet(["date", "spend"], ["=TODAY()", 1]), ["row 2", "is not a date"]),
        (
            "a.parquet",
            lambda path: pq.write_table(pa.table({"date": [date(2026, 9, 1)], "spend": [float("inf")]}), path),
            ["row 1 ('inf')", "is not a number"],
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
        assert word in files.said[-1]


def test_a_formula_beside_the_wanted_columns_is_nobodys_business(files: Files) -> None:
    sheet(["date", "spend", "note"], [datetime(2026, 9, 1), 5, "=B2*2"], [datetime(2026, 9, 2), None, "=B3*2"])(
        files.folder / "a.xlsx"
    )
    [result] = files.load(files.source("a.xlsx"))
    assert (result.state, files.rows("value")) == ("loaded", [(Decimal(5),)])


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.parquet"])
def test_a_file_with_a_header_and_no_rows_is_loaded_with_nothing(files: Files, name: str) -> None:
    none = pa.table({"date": pa.array([], pa.date32()), "spend": pa.array([], pa.float64())})
    {
        "a.csv": lambda path: path.write_text("date,spend\n"),
        "a.xlsx": sheet(["date", "spend"]),
        "a.parquet": lambda path: pq.write_table(none, path),
    }[name](files.folder / name)
    [result] = files.load(files.source(name))
    assert (result.state, result.rows, result.data_through) == ("loaded", 0, None)


def test_a_pattern_without_files_is_an_error_that_names_it(files: Files) -> None:
    [result] = files.load(files.source("nothing_*.csv"))
    assert result.state == "failed"
    assert "nothing_*.csv" in (result.error or "")


@pytest.mark.parametrize(
    ("name", "link", "word"),
    [
        ("a.csv", "/proc/self/mem", "cannot be read (Input/output error)"),
        ("a.csv", "a.csv", "cannot be read (Too many levels of symbolic links)"),
        (f"{'long' * 100}.csv", None, "cannot be read (File name too long)"),
    ],
)
def test_what_the_system_does_not_hand_out_is_an_error_of_that_file(
    files: Files, name: str, link: str | None, word: str
) -> None:
    if link:
        (files.folder / name).symlink_to(link)
    [result] = files.load(files.source(name, roots=(Path("/"),)))
    assert result.state == "failed"
    assert word in (result.error or "")


@pytest.mark.parametrize("before", ["\xe9".encode("latin-1"), b"y" * 200_000])
def test_whatever_stands_beside_the_wanted_columns_the_line_is_found(files: Files, before: bytes) -> None:
    error = files.error(b"date,note,spend\n2026-09-01,%b,1\n2026-09-02,,oops\n" % before)
    assert "line 3 ('oops'): column 'spend' holds what is not a number" in error


def test_a_missing_sheet_names_those_there_are(files: Files) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Data"
    book.save(files.folder / "a.xlsx")
    [result] = files.load(files.source("a.xlsx", sheets=("Media",)))
    assert "no sheet 'Media'; it has Data" in (result.error or "")


def test_hostile_texts_stay_texts(files: Files) -> None:
    names = ["<script>alert(1)</script>", "=1+1", "'; drop table measures; --", "{{ 7*7 }}"]
    with (files.folder / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["date", "c", "spend"], *(["2026-09-01", name, 1] for name in names)])
    files.load(files.source(campaign_id="c", campaign_name="c"))
    assert sorted(name for (name,) in files.rows("campaign_name")) == sorted(names)
