"""Planning sheets as people write them: weeks, months and quarters across, in seven languages, below one row of headers
or two. Each random sheet brings its right sums; what leaves two readings is refused with a question."""

from __future__ import annotations

import csv
import io
import itertools
import os
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from okr_reports.adding.guess import guess
from okr_reports.channels.files.glimpse import glimpses
from okr_reports.channels.files.read import read_source
from okr_reports.okrs.models.file_sources import FileSourceEntry

TODAY = date(2026, 12, 31)
MONTHS = {
    "de": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "es": "Ene Feb Mar Abr May Jun Jul Ago Sep Oct Nov Dic",
    "fr": "Janv Févr Mars Avril Mai Juin Juil Août Sept Oct Nov Déc",
    "nl": "Jan Feb Mrt Apr Mei Jun Jul Aug Sep Okt Nov Dec",
    "it": "Gen Feb Mar Apr Mag Giu Lug Ago Set Ott Nov Dic",
    "pt": "Jan Fev Mar Abr Mai Jun Jul Ago Set Out Nov Dez",
}
Week = Callable[[date, str], str]


def _year(day: date) -> int:
    return day.isocalendar().year


def _number(day: date) -> int:
    return day.isocalendar().week


def _with_days(day: date, language: str) -> str:
    first, last = (f"{MONTHS[language].split()[at.month - 1]}" for at in (day, day + timedelta(days=6)))
    same = "" if first == last else f" {first}"
    return f"Week {_number(day)} ({day.day}{same}-{(day + timedelta(days=6)).day} {last})"


# How weeks are written, and whether with their year.
WEEKS: list[tuple[Week, bool]] = [
    (lambda day, _: f"KW {_number(day)}", False),
    (lambda day, _: f"Sem. {_number(day)}", False),
    (lambda day, _: f"S{_number(day)}", False),
    (lambda day, _: f"wk {_number(day)}", False),
    (lambda day, _: f"{_number(day)}. KW", False),
    (_with_days, False),
    (lambda day, _: f"KW {_number(day)} ({day:%d.%m.} - {day + timedelta(days=6):%d.%m.})", False),
    (lambda day, _: f"W{_number(day)} {_year(day)}", True),
    (lambda day, _: f"{_year(day)}-W{_number(day):02}", True),
    (lambda day, _: f"Semaine {_number(day)} {_year(day)}", True),
    (lambda day, _: f"Settimana {_number(day)}/{_year(day)}", True),
]


@dataclass
class Plan:
    """A sheet, its merged cells, and the right sums by measure, campaign and first day."""

    cells: list[list[Any]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    sums: dict[tuple[str, str, date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    grain: str = ""
    asks: bool = False
    year: int = 0


def periods_of(chance: random.Random, grain: str) -> list[date]:
    count = chance.randrange(3, 9)
    if grain == "week":
        monday = date.fromisocalendar(chance.choice([2025, 2026]), chance.randrange(1, 52), 1)
        return [monday + timedelta(days=7 * at) for at in range(count)]
    step = 1 if grain == "month" else 3
    first = chance.randrange(24) // step * step
    return [date(2025 + (first + at * step) // 12, (first + at * step) % 12 + 1, 1) for at in range(count)]


def random_plan(chance: random.Random) -> Plan:
    made = Plan(grain=chance.choice(["week", "week", "month", "month", "quarter"]))
    days, language = periods_of(chance, made.grain), chance.choice(list(MONTHS))
    week, has_year = chance.choice(WEEKS)
    if made.grain != "week":
        has_year = chance.random() < 0.5
    names = [_name(day, made.grain, language, week, has_year) for day in days]
    own_year = [_year(day) if made.grain == "week" else day.year for day in days]
    made.year = own_year[0]
    labels = chance.choice([None, ["Plan", "Ist"], ["Kosten", "Leads", "Klicks"], ["Budget", "Réel"]])
    years_above = not has_year and chance.random() < 0.4 and labels is None
    titled = not has_year and not years_above and chance.random() < 0.5
    # half-years are written with the same letters
    made.asks = not has_year and not years_above and (not titled or len(set(own_year)) > 1)
    ids = chance.choice([["Kampagne"], ["Konto", "Campaign"], ["Posten"]])
    columns = [(at, label) for at in range(len(days)) for label in labels or ["value"]]
    turned = labels is not None and chance.random() < 0.3
    if turned:
        columns.sort(key=lambda column: (labels or []).index(column[1]))
    title = f"Mediaplan {made.year}" if titled else "Mediaplan"
    made.cells += [[title], ["Stand: 30.11.2024"], []] if titled or chance.random() < 0.5 else []
    total = labels is None and chance.random() < 0.5
    if labels or years_above:
        outer = [
            (labels and (column[1] if turned else names[column[0]])) or str(own_year[column[0]]) for column in columns
        ]
        inner = [names[column[0]] if turned or years_above else column[1] for column in columns]
        _two_rows(made, ids, outer, inner)
        if total:
            made.cells[-2].append(None)
            made.cells[-1].append("Total")
    else:
        made.cells.append([*ids, *names, *(["Total"] if total else [])])
    rows: list[list[Decimal]] = []
    for at in range(chance.randrange(2, 6)):
        campaign = f"Campaign {at}"
        rows.append([Decimal(chance.randrange(1, 100_000)) for _ in columns])
        for (column, label), value in zip(columns, rows[-1], strict=True):
            made.sums[label, campaign, days[column]] += value
        whole = [sum(rows[-1], Decimal())] if total else []
        made.cells.append([*(["A"] if len(ids) > 1 else []), campaign, *rows[-1], *whole])
    if chance.random() < 0.6:
        sums = [sum(column, Decimal()) for column in zip(*rows, strict=True)]
        word = chance.choice(["Summe", "Total", "Totaal", "Alles zusammen"])
        made.cells.append([*(["A"] if len(ids) > 1 else []), word, *sums, *([sum(sums, Decimal())] if total else [])])
    return made


def _name(day: date, grain: str, language: str, week: Week, has_year: bool) -> str:
    if grain == "week":
        return week(day, language)
    word = f"Q{(day.month + 2) // 3}" if grain == "quarter" else MONTHS[language].split()[day.month - 1]
    return f"{word} {day.year}" if has_year else word


def _two_rows(made: Plan, ids: list[str], outer: list[str], inner: list[str]) -> None:
    top = len(made.cells)
    shown = [None if at and outer[at - 1] == name else name for at, name in enumerate(outer)]
    made.cells += [[*ids, *shown], [*[None] * len(ids), *inner]]
    made.merged += [(top, at, top + 1, at) for at in range(len(ids))]
    begins = [at for at, name in enumerate(shown) if name is not None] + [len(outer)]
    made.merged += [
        (top, len(ids) + first, top, len(ids) + last - 1)
        for first, last in itertools.pairwise(begins)
        if last - first > 1
    ]


def write(path: Path, made: Plan, sheet: str) -> None:
    if path.suffix == ".csv":
        text = io.StringIO()
        csv.writer(text, delimiter=";").writerows(["" if cell is None else cell for cell in row] for row in made.cells)
        path.write_text(text.getvalue(), encoding="utf-8")
        return
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for top, left, bottom, right in made.merged:
            page.merge_range(top, left, bottom, right, made.cells[top][left])
        for at, row in enumerate(made.cells):
            for column, cell in enumerate(row):
                if cell is not None:
                    page.write(at, column, float(cell) if isinstance(cell, Decimal) else cell)


def read(path: Path, more: dict[str, Any]) -> tuple[dict[tuple[str, str, date], Decimal], str]:
    found = guess(glimpses(path, None, path.parent))
    assert found is not None, path.read_bytes()
    sums: dict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    said = ""
    for keys in [{}, found.plan] if found.plan else [{}]:
        entry = {"id": "t", "path": path.name, "channel": "t", **found.entry, **keys, **more}
        source = FileSourceEntry.model_validate(entry).to_file_source(path.parent, (path.parent,))
        with read_source(source, {path.name: path}, TODAY, "EUR") as rows:
            said += "; ".join(f"{fault} {fault.todo}" for fault in rows.faults.get(path.name, ()))
            values = "".join(f", v{at}" for at in range(len(rows.measures)))
            for campaign, day, *each in rows.connection.execute(
                f"select campaign_name, date{values} from rows"
            ).fetchall():
                for name, value in zip(rows.measures, each, strict=True):
                    if value is not None:
                        column = source.measures[name].column
                        sums["value" if column == "*" else str(column), campaign, day] += value
    return sums, said


@pytest.mark.parametrize("seed", range(300 if os.environ.get("OKR_PROVE") else 30))
def test_a_planning_sheet_gives_its_right_sums_or_asks_for_its_year(tmp_path: Path, seed: int) -> None:
    made = random_plan(random.Random(seed))
    for form in ("csv", "xlsx"):
        path = tmp_path / f"plan.{form}"
        write(path, made, "Plan")
        case = f"seed {seed} as {form}: {made.cells}"
        sums, said = read(path, {})
        if made.asks:
            assert "does not say of which year" in said, case
            form_of = {"week": f"{made.year}-W%V"}.get(made.grain, f"%b {made.year}")
            sums, said = read(path, {"wide": {"dates": form_of}})
        assert not said, case
        assert sums == made.sums, case


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("KW 52;KW 53;KW 54", "which is no week of ISO 8601"),
        ("KW 53 2025;KW 1 2026;KW 2 2026", "'KW 53 2025', which is no week"),
        ("KW 46 2026;KW 45;KW 44", "is not behind the one before it"),
        ("Week 45 (2-9 Nov 2026);Week 46;Week 47", "which is no week"),
        ("KW 45 2026;KW 45/2026;KW 46 2026", "two columns named"),
        ("Jan;Feb;Mar", 'wide: {dates: "%b '),
    ],
)
def test_periods_that_leave_no_reading_are_refused(tmp_path: Path, header: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(f"Posten;{header}\nA;1;2;3\n", encoding="utf-8")
    told = {"wide": {"dates": "2026-W%V"}} if header.startswith("KW 52") else {}
    sums, said = read(tmp_path / "a.csv", told)
    assert not sums
    assert words in said


def test_a_sheet_named_after_a_year_says_it(tmp_path: Path) -> None:
    made = Plan(cells=[["Posten", "KW 1", "KW 2", "KW 3"], ["A", Decimal(1), Decimal(2), Decimal(3)]])
    write(tmp_path / "a.xlsx", made, "2026")
    sums, said = read(tmp_path / "a.xlsx", {})
    assert not said
    assert sorted(sums) == [
        ("value", "A", date(2025, 12, 29)),
        ("value", "A", date(2026, 1, 5)),
        ("value", "A", date(2026, 1, 12)),
    ]


def test_a_budget_merged_over_several_months_would_count_in_each(tmp_path: Path) -> None:
    made = Plan(
        cells=[
            ["Posten", "Okt 2026", "Nov 2026", "Dez 2026"],
            ["A", Decimal(30), None, None],
            ["B", *[Decimal(1)] * 3],
        ],
        merged=[(1, 1, 1, 3)],
    )
    write(tmp_path / "a.xlsx", made, "Plan")
    sums, said = read(tmp_path / "a.xlsx", {})
    assert not sums
    assert "a number in merged cells would count once for each of their 3 columns" in said
