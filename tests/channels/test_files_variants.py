"""Files as people have them, many sources in one load: what each one adds up to, or what is said of it.

The sums are those a person would make by hand; nothing here knows how a file is read.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from okr_reports import okrs
from okr_reports.channels.files.check import check_files
from okr_reports.channels.load import load_channel
from tests.channels.a_folder import Files

TODAY = date(2026, 11, 23)
WEEKS = [date(2026, 10, 5) + timedelta(days=7 * number) for number in range(7)]
MONTHS = [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]


def csv(head: str, *rows: Sequence[object]) -> str:
    return "\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n"


def book(**sheets: Sequence[Sequence[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def day(number: int) -> date:
    return date(2026, 10, number)


def by_day(days: Sequence[date], value: int = 70) -> str:
    return csv("date,v", *((one, value) for one in days))


TWO = csv("date,c,v", (day(1), "A", 5), (day(1), "B", 7), (day(2), "A", 1), (day(2), "Total", 13))
STAGES = csv("date,stage,v", (day(1), "Q3_a", 1), (day(1), "Q3xa", 2), (day(2), "Q3_", 4))
CODES = csv("date,c,v,Currency", (day(1), "A", 100, "USD"), (day(2), "B", 10, "EUR"))
SHEETS = book(Oct=[["date", "v"], [day(1), 5]], Nov=[["date", "v"], [date(2026, 11, 1), 7]], About=[["a"], ["page"]])

WIDE = '{wide: {dates: "%b %Y"}, campaign_name: c}'

# Name of the file; keys beside path and date (`v` is the measure, used by a sum); content; its sum, or what is said.
VARIANTS: list[tuple[str, str, str | bytes, object]] = [
    ("weekly.csv", "", by_day(WEEKS), "add `grain: week`"),
    ("weekly_missing_one.csv", "", by_day(WEEKS[:3] + WEEKS[4:]), "add `grain: week`"),
    ("fortnightly.csv", "", by_day(WEEKS[::2]), "`end_date`"),
    ("monthly_missing_one.csv", "", by_day(MONTHS[:2] + MONTHS[3:]), "add `grain: month`"),
    ("monthly_mid.csv", "", by_day([date(2026, month, 15) for month in (8, 9, 10)]), "`end_date`"),
    ("quarterly.csv", "", by_day([date(2025, 10, 1), *(date(2026, at, 1) for at in (1, 4, 7))]), "grain: quarter"),
    ("weekly_as_days.csv", "grain: day", by_day(WEEKS), 490),
    ("weekly_stock.csv", "measures: {held: v}", by_day(WEEKS), 490),
    ("week_end.csv", "{grain: week, dated: end}", by_day([day(4), day(11)]), 140),
    ("mid_month.csv", "grain: month", by_day([date(2026, 8, 15)]), "`end_date`"),
    ("as_of.csv", "{grain: month, as_of: on}", csv("date,v,on", (date(2026, 11, 1), 200, date(2026, 11, 10))), 200),
    ("total.csv", "{campaign_name: c}", TWO, "line 5.*total"),
    ("total_skip.csv", "{campaign_name: c, totals: skip}", TWO, 13),
    ("total_keep.csv", "{campaign_name: c, totals: keep}", TWO, 26),
    ("total_de.csv", "{campaign_name: c, totals: skip}", TWO.replace("Total", "Gesamtergebnis"), 13),
    ("total_es.csv", "{campaign_name: c, totals: skip}", TWO.replace("Total", "Suma total"), 13),
    ("total_name.csv", "{campaign_name: c}", TWO.replace("Total", "Total Rewards"), 26),
    ("dollars.csv", "measures: {spend: v}", csv("date,v", (day(1), "$100.50"), (day(2), "$2")), "with \\$ .*EUR"),
    ("codes.csv", "measures: {spend: v}", csv("date,v", (day(1), "GBP 100.50")), "written with GBP .*EUR"),
    ("euros.csv", "measures: {spend: v}", "date;v\n2026-10-01;1.234,50 €\n2026-10-02;€ 2,00\n", Decimal("1236.5")),
    ("auto.csv", "{campaign_name: c, currency: auto, measures: {spend: v}}", CODES, 110),
    ("percent.csv", "", csv("date,v", (day(1), "12.5%"), (day(2), "7.5%")), 20),
    ("header_breaks.csv", 'date: "Report\\ndate"', '"Report\ndate",v\n2026-10-01,1\n2026-10-02,2\n', 3),
    ("blank_first.csv", "", "\n\ndate,v\n2026-10-01,1\n2026-10-02,2\n", 3),
    ("under.csv", 'rows: {stage: {like: "Q3_%"}}', STAGES, 5),
    ("zipped.csv.gz", "", gzip.compress(by_day([day(1)]).encode(), mtime=0), 70),
    ("first_sheet.xlsx", "", SHEETS, 5),
    ("all_sheets.xlsx", 'sheet: "*"', SHEETS, 12),
    ("odd_sheet.xlsx", 'sheet: "*"', book(Oct=[["date", "v"], [day(1), 5]], Nov=[["date"], [day(2)]]), "'Nov'"),
    ("twice.xlsx", 'sheet: "*"', book(Oct=[["date", "v"], [day(1), 5]], All=[["date", "v"], [day(1), 5]]), "Oct"),
    (
        "added.xlsx", '{sheet: "*", on_overlap: sum}',
        book(A=[["date", "v"], [day(1), 5]], B=[["date", "v"], [day(1), 6]]), 11,
    ),
    ("group.csv", "", "date;v\n2026-10-01;1.234\n2026-10-02;2.000\n", "1\\.234"),
    ("group_said.csv", 'numbers: {decimal: ",", group: "."}', "date;v\n2026-10-01;1.234\n2026-10-02;2.000\n", 3234),
    ("utc.csv", "", csv("date,v", ("2026-10-01T23:30:00Z", 1)), "timezone"),
    ("utc_zone.csv", "timezone: Europe/Madrid", csv("date,v", ("2026-10-25T22:30:00Z", 1)), 1),
    ("total_of_day_unnamed.csv", "", csv("date,c,v", (day(1), "A", 5), (day(1), "B", 7), (day(1), "", 12)), "total"),
    ("totals_of_one.csv", "", csv("date,c,v", *((day(1 + at // 2), "A" * (at % 2), 4 + at // 2) for at in range(4))),
     "total"),
    ("remarks.csv", "", csv("date,note,v", (day(1), "x", 5), (day(1), "", 5), (day(2), "y", 0), (day(2), "", 3)), 13),
    ("quarter_beside.csv", '{wide: {dates: "%b %Y"}, campaign_name: c}', csv("c,Aug 2026,Sep 2026,Q3 2026", "A123"), 3),
    ("unseen.csv", "campaign_name: c", "date,c\u200b,v\n\u200e13/\u200e10/2026,A\u200b,1\n2026-10-14,A,\u200e2\n", 3),
    ("count_named.csv", "measures: {v: {count: Mail}}", csv("date,Mail", (day(1), "a"), (day(2), "-")), 1),
    *(
        (f"money_{at}.csv", f"measures: {{spend: {head!r}}}", csv(f'date,"{head}"', (day(1), 100)), "USD|\\$")
        for at, head in enumerate(["Spend USD", "Spend [USD]", "spend_usd", "Cost ($)", "Cost in USD", "Gasto (US$)"])
    ),
    *(
        (f"no_money_{at}.csv", f"measures: {{{name}: {head!r}}}", csv(f"date,{head}", (day(1), 100)), 100)
        for at, (name, head) in enumerate(
            [("spend", "Spend (net)"), ("spend", "Cost (CPC)"), ("spend", "Cost (€)"), ("spend", "spend_eur"),
             ("clicks", "Clicks (all)"), ("leads", "Leads USD campaign")]
        )
    ),
    *(
        (f"codes_{at}.csv", "measures: {spend: v}", csv(f"date,v,{head}", (day(1), 100, "USD")), "USD")
        for at, head in enumerate(["ccy", "currency_iso", "Divisa de la cuenta"])
    ),
    *(
        (f"until_{at}.csv", "", csv(f"date,{head},v", (day(1), day(9), 70)), f"end_date: {head}")
        for at, head in enumerate(
            ["End", "Au", "Data de término", "Last day", "Fecha de término", "Date to", "stop_date", "Fecha hasta",
             "Periodo fin", "periodEnd", "Datum bis", "Week ending"]
        )
    ),
    *(
        (f"no_end_{at}.csv", "", csv(f"date,{head},v", (day(1), day(9), 70)), 70)
        for at, head in enumerate(["Ends", "Delivery date", "Last contact", "Expected close date"])
    ),
    ("ends_order.csv", "{date: a, end_date: b}", csv("a,b,v", ("01/08/2026", "31/08/2026", 100)), 100),
    ("ends_order_unnamed.csv", "date: Von", csv("Von,Bis,v", ("01/08/2026", "31/08/2026", 100)), "end_date: Bis"),
    ("one_week.csv", "date: Woche", csv("Woche,v", (day(5), 70)), "add `grain: week`"),
    ("two_months.csv", "date: Mes", csv("Mes,v", (day(1), 70), (date(2026, 9, 1), 7)), "add `grain: month`"),
    ("days_of_month.csv", "date: Month", csv("Month,v", (day(1), 70), (day(2), 7)), 77),
    ("weekday.csv", "date: Day of week start", csv("Day of week start,v", (day(5), 70)), 70),
    ("period_twice.csv", '{wide: {dates: "%b %Y"}, campaign_name: c}', csv("c,Sep 2026,Sep 2026", "A12"), "Sep 2026"),
    *(
        (f"money_above_{at}.csv", "measures: {spend: v}", f"{line}\n{csv('date,v', (day(1), 100))}", "USD")
        for at, line in enumerate(["All amounts in USD", "Beträge in USD", "Importes (USD)", "Moeda: USD"])
    ),
    ("money_below.csv", "measures: {spend: v}", csv("date,v", (day(1), 100)) + "\nAll amounts in USD\n", "USD"),
    ("title_above.csv", "measures: {spend: v}", f"Campaigns USD team\n{csv('date,v', (day(1), 100))}", 100),
    ("sum_across.csv", WIDE, csv("c,Aug 2026,Sep 2026", "A12", "B34", ("Sum", 4, 6)), 10),
    ("all_across.csv", WIDE, csv("c,Aug 2026,Sep 2026", "A12", "B34", ("Everything", 4, 6)), 10),
    ("no_sum_across.csv", WIDE, csv("c,Aug 2026,Sep 2026", "A12", "B34", ("Everything", 4, 7)), 21),
    ("kept_across.csv", f"{WIDE[:-1]}, totals: keep}}", csv("c,Aug 2026,Sep 2026", "A12", "B34", "C46"), 20),
    ("kinds_across.csv", WIDE, csv("c,Measure,Aug 2026", ("A", "Spend", 5), ("A", "Leads", 7)), "column 'Measure'"),
    ("one_kind_across.csv", f"{WIDE[:-1]}, rows: {{Measure: Spend}}}}",
     csv("c,Measure,Aug 2026", ("A", "Spend", 5), ("A", "Leads", 7)), 5),
    ("groups_across.csv", WIDE, csv("c,d,Aug 2026", ("A", "x", 5), ("", "y", 7)), "once for a group"),
    ("unnamed_total_across.csv", WIDE,
     csv("c,d,Aug 2026,Year", ("A", "x", 5, 5), ("B", "y", 7, 7), ("", "", 12, 12)), 12),
    *(
        (f"thousands_{at}.csv", "measures: {spend: Cost}", f"{line}\n{csv('date,Cost', (day(1), 100))}", "in thousands")
        for at, line in enumerate(
            ["Budget FY26 (kEUR)", "All amounts in thousands", "Beträge in T€",
             "Importes en miles de euros", "Mio. EUR",
             "Spend ('000)", "EUR 000"]
        )
    ),
    ("thousands_head.csv", 'measures: {spend: "Cost (k€)"}', csv("date,Cost (k€)", (day(1), 100)), "in thousands"),
    ("scaled.csv", '{measures: {spend: {column: "Cost (k€)", scale: 1000}}}', csv("date,Cost (k€)", (day(1), 2)), 2000),
    ("no_thousands.csv", "measures: {spend: Cost}",
     f"In Madrid, 1 000 EUR a day, T-shirts\n{csv('date,Cost', (day(1), 9))}", 9),
    ("groups.csv", "rows: {stage: Won}",
     csv("stage,date,v", ("Won", day(1), 5), ("", day(2), 7), ("Subtotal", "", 12), ("Lost", day(1), 1)), "of a group"),
    ("no_groups.csv", "rows: {stage: Won}", csv("stage,date,v", ("Won", day(1), 5), ("", day(2), 7)), 5),
    ("converted.csv", "{currency: {column: Currency}, measures: {revenue: Amount in company currency}}",
     csv("date,Amount in company currency,Currency", (day(1), 100, "USD"), (day(2), 10, "EUR")), 110),
    ("note_first.csv", "", "v,date\n5,2026-10-01\nmade by a program,\n", 5),
    ("equal_values.csv", "", csv("date,v", *((f"{at}/10/2026", 70) for at in (12, 13, 14))), 210),
    ("long_ids.csv", "campaign_id: c", csv("date,c,v", (day(1), "1.2021E+17", 5), (day(2), "1.2021E+17", 6)), 11),
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """By file: sums, what the load says, what the check says."""
    folder = tmp_path_factory.mktemp("variants")
    entries = []
    for name, keys, content, _ in VARIANTS:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        keys = keys.removeprefix("{").removesuffix("}") if keys.startswith("{") else keys
        own = name.partition(".")[0]
        given = [f"id: {own}", f"channel: {own}", f"path: {name}", keys]
        given += [] if "date:" in keys or "wide:" in keys else ["date: date"]
        given += [] if "measures:" in keys else ["measures: {v: v}"]
        entries.append(f"  - {{{', '.join(filter(None, given))}}}\n")
    text = "settings: {organisation: S, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"
    text += "kpis:\n  - {id: k, title: K, kind: flow, measure: v}\n  - {id: s, title: S, kind: stock, measure: held}\n"
    (folder / "defs.yml").write_text(text + "file_sources:\n" + "".join(entries))
    defined = okrs.read(folder)
    said: list[str] = []
    warehouse = folder / "warehouse.duckdb"
    results = load_channel(
        "files", warehouse=warehouse, pipelines_dir=folder / "dlt", today=TODAY, file_sources=defined.file_sources,
        uses=defined.uses, reporting="EUR", progress=said.append,
    )  # fmt: skip
    with duckdb.connect(str(warehouse)) as connection:
        rows = connection.execute("select source_id, sum(value) from files.measures group by 1").fetchall()
    checked: dict[str, str] = {}
    for one in check_files(defined.file_sources, TODAY, "EUR", defined.uses):
        codes = sorted(one.currencies - {"EUR"})
        checked[one.path.name] = "; ".join([*(f"{fault}; {fault.todo}" for fault in one.faults), *one.said, *codes])

    assert any(one.error for one in results)
    return dict(rows), {name: "\n".join(line for line in said if name in line) for name, *_ in VARIANTS}, checked


@pytest.mark.parametrize(("name", "expected"), [(name, expected) for name, _, _, expected in VARIANTS])
def test_a_file_gives_its_sum_or_says_what_is_wrong(loaded, name: str, expected: object) -> None:
    sums, said, checked = loaded
    found = sums.get(name.partition(".")[0])
    if isinstance(expected, str):
        assert found is None
        assert re.search(expected, said[name]), said[name]
        # what a load refuses the check has said before
        assert re.search(expected, checked[name]), checked[name]
    else:
        assert found == expected, said[name]


def test_what_is_not_read_or_taken_otherwise_is_said(loaded) -> None:
    _, _, checked = loaded
    assert "Nov" in checked["first_sheet.xlsx"]
    assert "About" in checked["all_sheets.xlsx"]
    assert "12.5 % is read as 12.5" in checked["percent.csv"]
    assert "15 digits" in checked["long_ids.csv"]
    assert "the sum of the other rows in every period, not read: line 4" in checked["all_across.csv"]
    assert "count in the reporting currency" in checked["converted.csv"]
    assert checked["auto.csv"].endswith("USD")
    assert "columns not read: Delivery date" in checked["no_end_1.csv"]


def test_the_generation_date_orders_files_whatever_separates_its_words(tmp_path: Path) -> None:
    older, newer = "date,v\n2026-10-01,10\n2026-10-02,10\n", "date,v\n2026-10-01,12\n"
    (tmp_path / "e_1.csv").write_text(f"Date Generated: November 5, 2026\n\n{newer}", encoding="utf-8")
    (tmp_path / "e_2.csv").write_text(f"Date Generated: November 1, 2026\n\n{older}", encoding="utf-8")
    files = Files(tmp_path)

    files.load(files.source("e_*.csv", measures=files.measures(v="v"), on_overlap="newest"), today=TODAY)

    assert [value for _, _, _, value in files.counted()] == [12, 10]


# When two files were made, the first of them last; the order of names says otherwise.
MADE = [
    ("Erstellt am 20.11.2026", "Erstellt am 10.11.2026"),
    ("Generato il 20/11/2026", "Generato il 03/11/2026"),
    ("Gerado em 20/11/2026", "Gerado em 10/11/2026"),
    ("Gegenereerd op 20-11-2026", "Gegenereerd op 10-11-2026"),
    ("Exporté le 20 novembre 2026", "Exporté le 10 novembre 2026"),
    ("Descargado: 05/11/2026", "Descargado: 03/11/2026"),
]


@pytest.mark.parametrize(("newer", "older"), MADE)
def test_the_generation_date_is_known_in_every_language_and_order(tmp_path: Path, newer: str, older: str) -> None:
    (tmp_path / "e_1.csv").write_text(f"{newer}\n\n{csv('date,v', (day(1), 12))}", encoding="utf-8")
    (tmp_path / "e_2.csv").write_text(f"{older}\n\n{csv('date,v', (day(1), 10), (day(2), 10))}", encoding="utf-8")
    files = Files(tmp_path)

    files.load(files.source("e_*.csv", measures=files.measures(v="v"), on_overlap="newest"), today=TODAY)

    assert [value for _, _, _, value in files.counted()] == [12, 10], files.said


def test_a_file_by_account_beside_one_by_campaign_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(csv("date,c,v", (day(1), "", 12), (day(2), "", 13)))
    (tmp_path / "b.csv").write_text(csv("date,c,v", (day(1), "A", 5), (day(1), "B", 7), (day(2), "A", 13)))
    (tmp_path / "organic.csv").write_text(csv("date,c,v", (day(1), "", 4), (day(2), "", 13)))
    files = Files(tmp_path)

    def load(pattern: str) -> list[str]:
        files.said.clear()
        files.load(files.source(pattern, measures=files.measures(v="v"), campaign_name="c"), today=TODAY)
        return [line for line in files.said if "overlaps" in line]

    assert len(load("[ab].csv")) == 1
    assert not load("[bo]*.csv")


def test_an_account_that_a_files_new_content_lost_is_named(tmp_path: Path) -> None:
    files = Files(tmp_path)
    source = files.source("a.csv", measures=files.measures(v="v"), account_id="a")
    for accounts in ("xy", "x"):
        files.write("a.csv", csv("date,a,v", *((day(at), name, 1) for at in range(1, 9) for name in accounts)))
        files.load(source, today=TODAY)

    assert any("account y is no longer in it; its rows of 8 days" in line for line in files.said)


def test_weekly_files_of_one_row_show_their_grain_together(tmp_path: Path) -> None:
    text = "settings: {organisation: S, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"
    text += "kpis: [{id: k, title: K, kind: flow, measure: v}]\n"
    (tmp_path / "defs.yml").write_text(
        text + "file_sources: [{id: w, channel: w, path: w_*.csv, date: date, measures: {v: v}}]\n"
    )
    said: list[str] = []
    for numbers in (range(2), range(2, 4)):
        for number in numbers:
            (tmp_path / f"w_{number}.csv").write_text(by_day([WEEKS[number]]))
        defined = okrs.read(tmp_path)
        load_channel(
            "files", warehouse=tmp_path / "warehouse.duckdb", pipelines_dir=tmp_path / "dlt", today=TODAY,
            file_sources=defined.file_sources, uses=defined.uses, reporting="EUR", progress=said.append,
        )  # fmt: skip
    refused = [line for line in said if "add `grain: week`" in line]
    assert any("w_2.csv" in line for line in refused)
    assert not any("w_1.csv" in line for line in refused)
