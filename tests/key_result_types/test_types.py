"""Each type keeps what it says: its examples by DuckDB itself, its SQL in the models' macro file, its own package."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from okr_reports.key_result_types import KeyResultType, find, shipped_types, types
from okr_reports.key_result_types.rule import COUNTED_KINDS
from okr_reports.key_result_types.sql import MACROS, macro_text, rows, variables
from okr_reports.key_result_types.tried import computed
from okr_reports.okrs.tables import TABLES
from tests.support import python_with_package

EXAMPLES = [
    pytest.param(type_, row, answer, id=f"{type_.name}-{number}")
    for type_ in types().values()
    for number, (row, answer) in enumerate(type_.examples, start=1)
]


@pytest.mark.parametrize(("type_", "row", "answer"), EXAMPLES)
def test_examples_come_out_as_they_say(type_: KeyResultType, row: dict[str, Any], answer: float | None) -> None:
    assert computed("progress", type_, row) == pytest.approx(answer)


def test_the_path_of_a_value_ends_at_its_target() -> None:
    ends = {
        "increase": 276, "decrease": 276, "at_least": 276, "at_most": 276, "between": None, "count_range": 3,
        "milestones": 1, "binary": 1, "qualitative": 1,
    }  # fmt: skip
    numbers = {"baseline": 230.0, "target": 276.0, "low": 3.0, "high": 5.0, "elapsed": 1.0, "expected": 1.0}
    for kind in (*COUNTED_KINDS, "stock"):
        for name, type_ in shipped_types().items():
            end = None if type_.is_held and kind not in COUNTED_KINDS else ends[name]
            assert computed("expected_value", type_, {"kpi_kind": kind, **numbers}) == end, (name, kind)


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("increase", {"kpi_kind": "flow", "baseline": 230, "target": 276, "expected": 0.5}, 138),
        ("increase", {"kpi_kind": "ratio", "baseline": 0.01, "target": 0.02, "expected": 0.5}, 0.015),
        ("decrease", {"baseline": 5, "target": 2, "expected": 0.5}, 3.5),
        # The projected total should have moved by what is expected.
        ("decrease", {"kpi_kind": "flow", "baseline": 1000, "target": 800, "expected": 0.5, "elapsed": 0.5}, 450),
        ("at_most", {"kpi_kind": "flow", "target": 600, "expected": 1, "elapsed": 0.5}, 300),
        ("at_most", {"kpi_kind": "ratio", "target": 75, "expected": 1, "elapsed": 0.5}, None),
        ("between", {"kpi_kind": "flow", "low": 60, "high": 70, "expected": 1, "elapsed": 0.5}, None),
        ("count_range", {"low": 4, "high": 5, "expected": 0.5}, 2),
        ("milestones", {"expected": 0.25, "elapsed": 0.5}, 0.25),
    ],
)
def test_the_expected_path_in_the_key_results_own_unit(name: str, row: dict[str, Any], value: float | None) -> None:
    assert computed("expected_value", find(name), row) == (None if value is None else pytest.approx(value))


def test_the_models_macros_are_generated_from_the_types() -> None:
    assert MACROS.read_text(encoding="utf-8") == macro_text(), "run `make generate`"
    assert variables() == {}


def test_types_are_rows_of_the_definitions_too() -> None:
    found = list(rows())
    assert [row["type"] for row in found] == list(types())
    assert [row["position"] for row in found] == sorted(row["position"] for row in found)
    assert all(row.keys() == set(TABLES["key_result_types"].names) for row in found)
    # What is held has its limits in columns that its shape has.
    fields = {"hold": {"target"}, "band": {"low", "high"}}
    for type_ in types().values():
        assert set(type_.limits) - {None} == (fields.get(type_.shape, set()) if type_.is_held else set())


PACKAGE = """
from okr_reports.key_result_types.rule import KeyResultType

def named(name, **more):
    return KeyResultType(name=name, position=20, shape="said", about="A.", progress="value", reads="grade",
                         detail={"other": "grade %(value)s"}, examples=[({"value": 1}, 1.0)], **more)

ours, taken, other = named("ours"), named("increase"), named("another")
"""


def with_package(tmp_path: Path, entry: str, code: str) -> subprocess.CompletedProcess[str]:
    """Python with a package installed that brings a type."""
    points = f"[okr_reports.key_result_types]\n{entry}\n"
    return python_with_package(tmp_path, {"brought.py": PACKAGE}, points, code)


def test_a_package_brings_a_type(tmp_path: Path) -> None:
    code = "from okr_reports.key_result_types import sql, types; print(list(types())[-1], sql.variables())"
    told = with_package(tmp_path, "ours = brought:ours", code)
    assert told.stdout == (
        "ours {'added_key_result_types': [{'name': 'ours', 'progress': 'value', 'expected_value': 'null'}]}\n"
    ), told.stderr


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("increase = brought:taken", "the key-result type increase of brought is there already"),
        ("ours = brought:other", "the key-result type ours of brought is no KeyResultType of that name"),
        ("ours = brought:nothing", "the key-result type ours of brought cannot be loaded"),
    ],
)
def test_a_package_that_brings_none_is_named(tmp_path: Path, entry: str, why: str) -> None:
    told = with_package(tmp_path, entry, "from okr_reports.key_result_types import types; types()")
    assert f"OkrError: {why}" in told.stderr


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "Two words"}, "has no name of small letters"),
        ({"shape": "round"}, "its shape is none of move, hold"),
        ({"reads": "minds"}, "it reads none of value, met"),
        ({"detail": {"flow": "x"}}, "it has no detail sentence `other`"),
        ({"examples": ()}, "it has no examples"),
    ],
)
def test_a_type_that_is_not_whole_is_refused(wrong: dict[str, Any], why: str) -> None:
    from okr_reports.errors import OkrError

    whole = {
        "name": "ours", "position": 20, "shape": "said", "about": "A.", "progress": "value", "detail": {"other": "x"},
        "examples": [({}, None)],
    }  # fmt: skip
    KeyResultType(**whole)
    with pytest.raises(OkrError, match=why):
        KeyResultType(**{**whole, **wrong})
