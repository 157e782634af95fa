"""The load contract of a channel's README says what its code does: tables, keys, dispositions, windows, limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from okr_reports.catalogue import channels
from okr_reports.channels.base import all_tables, find_channel
from okr_reports.channels.files.source import TABLES as FILES_TABLES
from okr_reports.channels.tables import RawTable

ROOM = Path(__file__).parents[2] / "pipelines" / "okr_reports" / "channels"
# what every channel has, described once in pipelines/okr_reports/channels/README.md
SHARED = {"loaded_windows"}


def tables_of(name: str) -> dict[str, RawTable]:
    tables = FILES_TABLES if name == "files" else all_tables(find_channel(name))
    return {table.name: table for table in tables if table.name not in SHARED}


def described(readme: str) -> dict[str, tuple[str, str]]:
    """Raw table -> (grain and key, disposition), from the table at the top; `the same` is that of the row above."""
    found: dict[str, tuple[str, str]] = {}
    above = ""
    for line in readme.splitlines():
        if not line.startswith("| `"):
            continue
        names, grain, disposition, *_ = [cell.strip() for cell in line.strip("|").split("|")]
        above = above if disposition.startswith("the same") else disposition
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), (grain, above))
    return found


@pytest.mark.parametrize("name", sorted(channels()))
def test_every_raw_table_is_described_with_its_key_and_disposition(name: str) -> None:
    tables = tables_of(name)
    told = described((ROOM / name / "README.md").read_text(encoding="utf-8"))
    assert told.keys() == tables.keys()
    for table, (grain, disposition) in told.items():
        assert ("replaced" if tables[table].kind == "facts" else "merge") in disposition, table
        # one word for each thing that tells rows apart: account, day and what lies below them
        parts = 1 if tables[table].kind == "entities" else 1 + len(set(tables[table].unique or tables[table].key))
        assert grain.count(",") + grain.count(" and ") + 1 >= min(parts, 2), table


@pytest.mark.parametrize("name", sorted(channels()))
def test_the_windows_that_are_read_again_are_those_of_the_code(name: str) -> None:
    readme = (ROOM / name / "README.md").read_text(encoding="utf-8")
    [window] = re.findall(r"\*\*Re-read window\*\*:(.+?)(?=\n- |\n*$)", readme, re.DOTALL)
    channel: Any = None if name == "files" else find_channel(name)
    days = channels()[name].lookback_days
    assert (f"{days} days" in window) if days else "none" in window
    if channel is not None and channel.deep_lookback_days:
        assert f"{channel.deep_lookback_days} days" in window
    # the number alone would be copied and never questioned
    assert len(window.split()) > 8, "say why"


@pytest.mark.parametrize("name", sorted(channels()))
def test_what_happens_at_the_vendors_limits_is_said(name: str) -> None:
    assert re.search(r"\*\*(Quota|Limits)\*\*:", (ROOM / name / "README.md").read_text(encoding="utf-8"))
