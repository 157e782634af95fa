"""Rows become Arrow exactly, or the odd one is named; nothing is guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from okr_reports.channels.tables import (
    AMOUNT,
    COUNT,
    DELETED,
    TEXT,
    entities,
    facts,
    settle_facts,
    to_amount,
    to_arrow,
    tombstones,
)
from okr_reports.channels.windows import Window
from okr_reports.errors import VendorError

TABLE = facts("daily", unique=("campaign_id",), campaign_id=TEXT, clicks=COUNT, spend=AMOUNT)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = date(2026, 11, 1)


def made(*rows: dict[str, Any]) -> pa.Table:
    return to_arrow("ads", TABLE, [{"date": DAY, **row} for row in rows], account_id="1", loaded_at=NOW, _deleted=False)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (
            "date",
            ["2026-11-02 00:00:00", DAY, "20261103", datetime(2026, 11, 4, 5)],
            [date(2026, 11, 2), DAY, date(2026, 11, 3), date(2026, 11, 4)],
        ),
        ("date", ["2026-11-02T00:00:00Z", "2026-11-03"], [date(2026, 11, 2), date(2026, 11, 3)]),
        ("clicks", [1, None, 3], [1, None, 3]),
        ("clicks", ["1854", 2, 3.0], [1854, 2, 3]),
        ("spend", ["209.449", None, "1e3"], [Decimal("209.449"), None, Decimal(1000)]),
        ("spend", ["99.99999999999996", "-2e-18", "0.0"], [Decimal(100), Decimal(0), Decimal(0)]),
        ("spend", [1, 0.1, "0.2", Decimal("0.3")], [Decimal(1), Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]),
        ("campaign_id", ["a", None, 7], ["a", None, "7"]),
        ("campaign_id", ["\ud800x"], ["?x"]),
    ],
)
def test_values_arrive_exactly(column: str, values: list[Any], expected: list[Any]) -> None:
    assert made(*({column: value} for value in values))[column].to_pylist() == expected


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("date", 5, "int"),
        ("date", "2026-1-2", "str"),
        ("date", "soon", "str"),
        ("clicks", 1.5, "float"),
        ("clicks", True, "bool"),
        ("clicks", "many", "str"),
        ("clicks", "1_000", "str"),
        ("clicks", {"a": 1}, "dict"),
        ("clicks", 2**70, "int"),
        ("spend", "1,50", "str"),
        ("spend", "", "str"),
        ("spend", "NaN", "str"),
        ("spend", float("inf"), "float"),
        ("spend", True, "bool"),
        ("spend", "1e40", "str"),
        ("spend", [1], "list"),
        ("campaign_id", 1.5, "float"),
        ("campaign_id", True, "bool"),
        ("campaign_id", ["x"], "list"),
    ],
)
def test_drifted_types_name_table_column_types_and_value(column: str, value: Any, kind: str) -> None:
    good = {"clicks": 1, "spend": "1.0", "campaign_id": "c"}
    with pytest.raises(VendorError, match=rf"ads: daily.{column} should be .* but the vendor sent {kind} \("):
        made(good, {**good, column: value})


def test_a_key_that_is_missing_is_an_error() -> None:
    with pytest.raises(VendorError, match=r"daily.date is missing"):
        made({"date": None})
    with pytest.raises(VendorError, match=r"things.id is missing"):
        to_arrow("ads", entities("things", name=TEXT), [{"name": "x"}], loaded_at=NOW)


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([{"date": date(2026, 10, 31)}], "outside the asked"),
        ([{"date": date(2026, 11, 8)}], "outside the asked"),
        (
            [{"campaign_id": "a"}, {"campaign_id": "b"}, {"campaign_id": "a"}],
            "two rows of date 2026-11-01, campaign_id a",
        ),
    ],
)
def test_answers_that_cannot_be_are_refused(rows: list[dict[str, Any]], what: str) -> None:
    with pytest.raises(VendorError, match=what):
        settle_facts("ads", TABLE, made(*rows), Window(DAY, date(2026, 11, 7)), "1")


def test_tombstones_hold_their_keys_and_nothing_else() -> None:
    marks = tombstones(TABLE, {"account_id": pa.array(["1"]), "date": pa.array([DAY])})
    assert marks.schema == TABLE.schema
    [row] = marks.to_pylist()
    assert {name for name, value in row.items() if value is not None} == {"account_id", "date", DELETED}


def test_amounts_keep_nine_decimals() -> None:
    assert to_amount("0.1234567894") == Decimal("0.123456789")
    assert to_amount("0.0000000009") == 0


def test_a_row_is_not_lost_for_a_field_nor_a_slice_for_a_row() -> None:
    odd: list[tuple[Any, ...]] = []
    rows = [
        {"campaign_id": "a", "clicks": 5},
        {"campaign_id": None, "clicks": 1},
        {"campaign_id": "b", "clicks": "many"},
    ]
    landed = to_arrow(
        "ads",
        TABLE,
        [{"date": DAY, **row} for row in rows],
        lambda *told: odd.append(told),
        account_id="1",
        loaded_at=NOW,
        _deleted=False,
    )
    assert odd == [("daily.clicks", 1, 3, "many")]
    required = replace(TABLE, required=("clicks",))
    kept, lacking = settle_facts("ads", required, landed, Window(DAY, DAY), "1")
    assert kept.select(["campaign_id", "clicks"]).to_pylist() == [
        {"campaign_id": "a", "clicks": 5},
        {"campaign_id": "b", "clicks": None},
    ]
    assert lacking == [
        "daily.campaign_id is missing in 1 rows, which are left out",
        "daily.clicks is missing in 1 of 2 rows (first 2026-11-01, b)",
    ]
    empty = to_arrow("ads", TABLE, [{"date": DAY, "campaign_id": "a"}], account_id="1", loaded_at=NOW, _deleted=False)
    with pytest.raises(VendorError, match=r"daily.clicks is missing in 1 of 1 rows"):
        settle_facts("ads", required, empty, Window(DAY, DAY), "1")
    assert settle_facts("ads", required, empty, Window(DAY, DAY), "1", {"clicks"})[0].num_rows == 1
