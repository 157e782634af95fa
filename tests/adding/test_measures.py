"""What `okr add` makes measures of: random tables whose columns are known to add up, to be levels, or to be neither."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from okr_reports.adding.dialog import understand
from okr_reports.adding.measures import adds_up
from okr_reports.adding.preview import as_json

ADD_UP = [
    "Spend", "Kosten", "Clics", "Impressionen", "Leads", "Sign-ups", "Shares", "Corporate gifts", "Nuevos seguidores",
    "New followers", "New users", "Vertoningen", "Ventas", "Bestellungen", "Hours watched", "Durchläufe",
    "Comentarios", "Social media", "Medium rectangles", "Prospects",
]  # fmt: skip
DO_NOT = [
    "CTR", "Cost per lead", "Klickrate", "Absprungrate", "Öffnungsquote", "Unique visitors", "Eindeutige Besucher",
    "Ouvertures uniques", "Clics únicos", "Spend to date", "Kumulierte Kosten", "Leads (cumulative)",
    "Ventas acumuladas", "Revenue YTD", "Share of voice", "Impression share", "Marktanteil", "NPS",
    "Aktionen pro Besuch", "Ventas por cliente", "Durchschn. Position", "Coste medio", "Custo médio",
    "Visit duration", "Sitzungsdauer", "Total users", "Utilisateurs", "Reichweite", "bounce_rate", "uniqueOpens",
]  # fmt: skip
LEVELS = ["Followers", "Abonnenten", "Seguidores", "Account balance", "MRR", "Active installs", "Restbudget"]


@pytest.mark.parametrize("name", [*ADD_UP, *LEVELS])
def test_a_column_whose_days_add_up_is_known_by_its_name(name: str) -> None:
    assert adds_up(name)


@pytest.mark.parametrize("name", DO_NOT)
def test_a_column_whose_days_do_not_add_up_is_known_by_its_name(name: str) -> None:
    assert not adds_up(name)


def test_random_sheets_with_a_row_for_each_measure_give_the_sums_of_each(tmp_path: Path) -> None:
    chance = random.Random(45)
    for case in range(8):
        names = ["Impressionen", "Kosten", *chance.sample(ADD_UP[6:], 1), *chance.sample(DO_NOT, 2)]
        chance.shuffle(names)
        weeks = [f"KW {40 + at} 2026" for at in range(chance.randrange(3, 7))]
        campaigns = chance.choice([[""], ["A", "B", "C"]])
        table = {
            (campaign, name): [Decimal(chance.randrange(1, 900)) for _ in weeks]
            for campaign in campaigns for name in names
        }  # fmt: skip
        head = ["Kampagne"] * (len(campaigns) > 1)
        rows = [[*[campaign] * len(head), name, *map(str, values)] for (campaign, name), values in table.items()]
        path = tmp_path / f"m{case}.csv"
        title = chance.choice(["Kennzahl", "Was", ""])
        path.write_text("\n".join(";".join(row) for row in [[*head, title, *weeks], *rows]) + "\n", encoding="utf-8")
        added = understand(path, None, None, date(2026, 12, 1), "EUR", "Europe/Madrid", None)
        try:
            told = as_json(added)
            names_of = {measure: str(name) for measure, name in told["columns"].items()}
        finally:
            added.rows.close()
        assert {names_of[measure]: Decimal(total) for measure, total in told["sums"].items()} == {
            name: sum(sum(table[campaign, name]) for campaign in campaigns) for name in names if name in ADD_UP
        }, path.read_text(encoding="utf-8")


def test_random_tables_give_the_sums_of_what_adds_up_and_the_last_of_what_is_a_level(tmp_path: Path) -> None:
    chance = random.Random(18)
    for case in range(12):
        names = [*chance.sample(ADD_UP, 3), *chance.sample(DO_NOT, 3), *chance.sample(LEVELS, 1)]
        chance.shuffle(names)
        days = [date(2026, 9, 13) + timedelta(days=at) for at in range(chance.randrange(4, 9))]
        level = itertools.accumulate([1000, *(chance.randrange(-20, 60) for _ in days)])
        table = {name: [Decimal(chance.randrange(1, 900)) for _ in days] for name in names}
        table |= {name: [Decimal(next(level)) for _ in days] for name in names if name in LEVELS}
        rows = [[str(day), *(str(table[name][at]) for name in names)] for at, day in enumerate(days)]
        path = tmp_path / f"t{case}.csv"
        path.write_text("\n".join(",".join(row) for row in [["Date", *names], *rows]) + "\n", encoding="utf-8")
        added = understand(path, None, None, date(2026, 12, 1), "EUR", "Europe/Madrid", None)
        try:
            told = as_json(added)
            column = {measure: str(name) for measure, name in told["columns"].items()}
            sums = {column[measure]: Decimal(total) for measure, total in told["sums"].items()}
            last = {column[measure]: Decimal(value) for measure, value in told["last"].items()}
        finally:
            added.rows.close()
        assert sums == {name: sum(table[name]) for name in names if name in ADD_UP}, names
        assert last == {name: table[name][-1] for name in names if name in LEVELS}, names
