"""Files of every kind become exact measures: CSV as programs write it, Excel, Parquet."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from okr_reports.file_sources import MeasureColumn, RowCondition
from tests.channels.a_folder import Files


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
    assert (result.rows, result.window_from, result.data_through) == (2, date(2026, 9, 1), date(2026, 9, 1))


def in_utf16(text: str, order: str = "le") -> bytes:
    return f"\ufeff{text}".encode(f"utf-16-{order}")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("\ufeffdate;spend\r\n2026-09-01;12,5\r\n2026-09-02;1.234,75\r\n", {}),
        ("date\tspend\n2026-09-01\t12.5\n2026-09-02\t1234.75\n", {}),
        ('"date","name","spend"\n2026-09-01,"a ""b"", c\nd",12.5\n\n2026-09-02,é,1234.75\n,,\n', {}),
        ("date,spend\n01/09/2026,12.5\n02/09/2026,1234.75\n", {"date_format": "%d/%m/%Y"}),
        ("date;spend\n2026-09-01T00:00:00Z;12.5\n2026-09-02;+1.23475e3\n", {}),
        ("date,spend\r2026-09-01,12.5\r2026-09-02,1234.75\r", {}),
        ("date|spend\n2026-09-01|12.5\n2026-09-02|1234.75\n", {}),
        # what Google Ads and Excel ("Unicode text") export
        (in_utf16("date\tspend\r\n2026-09-01\t12.5\r\n2026-09-02\t1234.75\r\n"), {}),
        (in_utf16('date\tname\tspend\r2026-09-01\t"a\r\n\U0001f600"\t12.5\r2026-09-02\té\t1234.75', "be"), {}),
        (in_utf16("date\tspend\n2026-09-01\t12,5\n2026-09-02\t1.234,75\n"), {}),
        (in_utf16("date,spend\n2026-09-01,12.5\n2026-09-02,1234.75\n"), {}),
        ("sep=;\r\ndate;spend\r\n2026-09-01;12,5\r\n2026-09-02;1.234,75\r\n", {}),
        ("\ufeffsep=,\ndate,spend\n2026-09-01,12.5\n2026-09-02,1234.75\n", {}),
        ("SEP=|\rdate|spend\r2026-09-01|12.5\r2026-09-02|1234.75\r", {}),
        (in_utf16("sep=\t\r\ndate\tspend\r\n2026-09-01\t12.5\r\n2026-09-02\t1234.75\r\n"), {}),
        # the header alone would say comma
        ("sep=;\ndate;spend;a,date,spend\n2026-09-01;12,5;\n2026-09-02;1.234,75;\n", {}),
    ],
)
def test_the_ways_of_writing_csv(files: Files, text: str | bytes, declared: dict[str, Any]) -> None:
    files.write("a.csv", text)
    [result] = files.load(files.source(**declared))
    assert result.state == "loaded", result.error
    assert files.rows("date, value") == [(date(2026, 9, 1), Decimal("12.5")), (date(2026, 9, 2), Decimal("1234.75"))]


def test_a_long_file_of_utf16_is_read_whole(files: Files) -> None:
    names = [f"{at} {chr(0x1F600) * 30} é" for at in range(50_000)]
    text = in_utf16("\r\n".join(["date\tname\tspend", *(f"2026-09-01\t{name}\t1" for name in names)]))
    # a piece ends within what is written as two code units
    assert any(0xD8 <= text[at - 1] <= 0xDB for at in range(2 + 1024**2, len(text), 1024**2))
    files.write("a.csv", text)
    [result] = files.load(files.source(campaign_name="name"))
    assert result.state == "loaded", result.error
    assert {name for (name,) in files.rows("campaign_name")} == set(names)


@pytest.mark.parametrize(
    ("text", "impressions"),
    [
        ("date;impressions;spend\n2026-09-01;1.234;12,50\n", 1234),
        ("date;impressions;spend\n2026-09-01;1.234;12.50\n", "thousands were taken for them"),
        ("date;impressions;spend\n2026-09-01;1,234;2.345,5\n", "thousands were taken for them"),
        ("date;impressions;spend\n2026-09-01;1.234;12.50\n2026-09-02;1234.5;1\n", Decimal("1.234")),
        ("date;impressions;spend\n2026-09-01;1.234;0\n2026-09-01;1.234.567;\n", 1235801),
    ],
)
def test_one_value_beyond_doubt_tells_how_the_whole_file_writes_thousands(files, text, impressions) -> None:
    files.write("a.csv", text)
    [result] = files.load(
        files.source(measures={"impressions": MeasureColumn("impressions"), "spend": MeasureColumn("spend")})
    )
    if isinstance(impressions, str):
        assert impressions in str(result.error)
        assert files.rows() == []
        return
    assert result.state == "loaded", result.error
    assert (("impressions", Decimal(impressions))) in files.rows("measure, value")


def test_excel_reads_the_first_sheet_that_can_be_seen(files: Files) -> None:
    book = openpyxl.Workbook()
    book.active.append(["date", "spend"])
    book.active.append([datetime(2026, 9, 1), 999])
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("Media")
    for row in (["date", "spend"], [datetime(2026, 9, 1), 5]):
        sheet.append(row)
    book.active = 1
    book.save(files.folder / "a.xlsx")
    files.load(files.source("a.xlsx"))
    assert files.rows("value") == [(Decimal(5),)]
    files.load(files.source("a.xlsx", sheets=("Sheet",)))
    assert files.rows("value") == [(Decimal(999),)]


def test_excel_reads_the_named_sheet_with_its_own_dates_and_ids(files: Files) -> None:
    book = openpyxl.Workbook()
    book.active.append(["not", "this"])
    sheet = book.create_sheet("Media")
    for row in (["date", "campaign", "spend"], [datetime(2026, 9, 1), 77, 0.1], ["02/09/2026", "77", "0.2"], [None]):
        sheet.append(row)
    book.save(files.folder / "a.xlsx")
    [result] = files.load(files.source("a.xlsx", sheets=("Media",), campaign_id="campaign", date_format="%d/%m/%Y"))
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
    # a day without any value is no news of that day
    assert result.data_through == date(2026, 9, 1)


def write_answered(files: Files, name: str) -> None:
    rows = [(date(2026, 9, 1), 5, True), (date(2026, 9, 2), 7, False)]
    if name == "a.xlsx":
        book = openpyxl.Workbook()
        for row in (["date", "spend", "won"], *rows):
            book.active.append(list(row))
        book.save(files.folder / name)
    elif name == "a.parquet":
        columns = zip(*rows, strict=True)
        pq.write_table(
            pa.table(dict(zip(["date", "spend", "won"], map(list, columns), strict=True))), files.folder / name
        )
    elif name == "a.jsonl":
        lines = [f'{{"date": "{day}", "spend": {spend}, "won": {str(won).lower()}}}\n' for day, spend, won in rows]
        files.write(name, "".join(lines))
    else:
        files.write(
            name, "date,spend,won\n" + "".join(f"{day},{spend},{str(won).upper()}\n" for day, spend, won in rows)
        )


def test_texts_of_a_sheet_and_of_parquet_are_no_surer_than_those_of_a_csv(files: Files) -> None:
    book = openpyxl.Workbook()
    for row in (["date", "spend"], ["2026-09-01", "1.234"], ["2026-09-02", "2.500"]):
        book.active.append(row)
    book.save(files.folder / "a.xlsx")
    table = pa.table({"date": ["2026-09-01", "2026-09-02"], "spend": ["1.234", "2.500"]})
    pq.write_table(table, files.folder / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        [result] = files.load(files.source(name))
        assert "1.234 may be a thousand" in str(result.error), name


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.jsonl", "a.csv"])
@pytest.mark.parametrize(("operator", "spend"), [("in", 5), ("not_in", 7)])
@pytest.mark.parametrize("written", ["true", "TRUE"])
def test_a_truth_is_met_however_it_is_written(files: Files, name: str, operator: str, spend: int, written: str) -> None:
    write_answered(files, name)
    [result] = files.load(files.source(name, rows=(RowCondition("won", operator, (written,)),)))
    assert result.state == "loaded", result.error
    assert files.rows("value") == [(Decimal(spend),)]
