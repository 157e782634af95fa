"""Types of key results are named in their own files and nowhere else: what needs to know of a type asks its object."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_reports.key_result_types import shipped_types
from okr_reports.key_result_types.sql import MACROS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pipelines" / "okr_reports"
OWN = PACKAGE / "key_result_types"
# `milestones` is a key of definitions and a table too; what counts is whether a type is compared with it.
NAMES = set(shipped_types()) - {"milestones"}
QUOTED = re.compile(rf"""["'](?:{"|".join(NAMES)})["']|type\W+["']?milestones["']?""")
# Lists of words in YAML and in descriptions: two types side by side are a list of types.
LISTED = re.compile(rf"\b(?:{'|'.join(shipped_types())}),? (?:or )?(?:{'|'.join(shipped_types())})\b")


def python_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in NAMES:
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"


def written_names(path: Path, pattern: re.Pattern[str]) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        yield from (f"{path.relative_to(ROOT)}:{number}: {found[0]}" for found in pattern.finditer(line))


def files(*endings: str) -> Iterator[Path]:
    for folder in (ROOT / "dbt_project", PACKAGE, ROOT / "reports"):
        for path in sorted(folder.rglob("*")):
            in_use = path.suffix in endings and "target" not in path.parts and OWN not in path.parents
            if in_use and path.resolve() != (ROOT / MACROS).resolve():
                yield path


def test_no_python_names_a_type() -> None:
    found = [name for path in (*files(".py"), *(ROOT / "docs").glob("*.py")) for name in python_names(path)]
    assert found == []


def test_no_model_page_or_component_names_a_type() -> None:
    # What `between` and `increase` mean in SQL and prose is no string there.
    assert [name for path in files(".sql", ".html", ".md", ".j2") for name in written_names(path, QUOTED)] == []


def test_no_description_lists_the_types() -> None:
    assert [name for path in files(".yml", ".toml", ".sql", ".html") for name in written_names(path, LISTED)] == []


@pytest.mark.parametrize(
    "line", ["where type in ('at_least', 'at_most')", 'if kind == "binary":', "when type = 'milestones' then"]
)
def test_the_search_finds_a_name(tmp_path: Path, line: str) -> None:
    assert QUOTED.search(line)
    python = tmp_path / "x.py"
    python.write_text("HELD = ('at_least', 'between')\n", encoding="utf-8")
    names = [node.value for node in ast.walk(ast.parse(python.read_text())) if isinstance(node, ast.Constant)]
    assert set(names) <= NAMES
    assert LISTED.search("description: increase, decrease or binary")
