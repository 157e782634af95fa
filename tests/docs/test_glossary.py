"""The glossary names what there is: marts, columns and commands of today, one row a term, in the alphabet's order."""

from __future__ import annotations

import re

import yaml

from okr_reports.cli import main
from tests.support import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| **")
]


def names_of_the_marts() -> set[str]:
    names = set()
    for path in (ROOT / "dbt_project" / "models" / "marts").glob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            names |= {model["name"], *(column["name"] for column in model["columns"])}
    return names


def test_each_term_has_one_row_in_order():
    terms = [re.sub(r"[*`]", "", term).casefold() for term, _, _ in ROWS]
    assert len(terms) > 40
    assert terms == sorted(set(terms))


def test_what_is_named_is_there():
    known = names_of_the_marts() | {"no_data"} | {f"okr {command}" for command in main.commands}
    named = {name for _, _, where in ROWS for name in re.findall(r"`([^`]+)`", where)}
    assert len(named) > 15
    assert {name for name in named if name.split(" --")[0] not in known} == set()
