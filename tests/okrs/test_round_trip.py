"""Whatever valid definitions say, the rows say: random ones are written as YAML, read and compared."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from okr_reports.okrs import check
from okr_reports.okrs.rows import to_tables

START, END = date(2026, 10, 1), date(2026, 12, 31)
TODAY = date(2026, 11, 23)

identifiers = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
# All that YAML may hold except line breaks; the reader strips what surrounds a text.
lines = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"]), min_size=1, max_size=40
).map(str.strip).filter(bool)  # fmt: skip
titles = lines | st.fixed_dictionaries({"es": lines, "en": lines})
amounts = st.decimals(-(10**12), 10**12, places=4, allow_nan=False)
weights = st.decimals(Decimal("0.1"), 100, places=1)
days = st.dates(START, END)
shares = st.decimals(0, 1, places=3)


def pair(smaller: Decimal, size: Decimal, upwards: bool) -> tuple[Decimal, Decimal]:
    return (smaller, smaller + size) if upwards else (smaller + size, smaller)


@st.composite
def key_results(draw) -> dict:
    kind = draw(st.sampled_from(["increase", "decrease", "at_least", "at_most", "between", "count_range", "milestones",
                                 "binary", "qualitative"]))  # fmt: skip
    written: dict = {"title": draw(titles), "type": kind, "weight": draw(weights)}
    if kind in ("increase", "decrease"):
        size = draw(st.decimals(Decimal("0.0001"), 10**9, places=4))
        written["baseline"], written["target"] = pair(draw(amounts), size, kind == "increase")
    elif kind in ("at_least", "at_most"):
        written["target"] = draw(amounts)
    elif kind == "between":
        written["low"], written["high"] = sorted([draw(amounts), draw(amounts)])
    elif kind == "count_range":
        low = draw(st.integers(1, 1000))
        written["low"], written["high"] = low, low + draw(st.integers(0, 1000))
    elif kind == "milestones":
        steps = draw(st.lists(identifiers, min_size=1, max_size=4, unique=True))
        written["milestones"] = [
            {"id": step, "title": draw(titles), "weight": draw(weights), "due": draw(days)} for step in steps
        ]
    return written


@st.composite
def definitions(draw) -> dict:
    ids = draw(st.lists(identifiers, min_size=1, max_size=5, unique=True))
    return {
        "objectives": [
            {"id": name, "title": draw(titles), "period": "2026-Q4", "owner": draw(lines),
             "key_results": [{"id": name, **draw(key_results())}]}
            for name in ids
        ],
        "notes": [{"date": draw(days), "on": f"objective/{name}", "text": draw(lines)} for name in ids],
    }  # fmt: skip


def as_yaml(written: object, indent: int = 0) -> str:
    """Block style for mappings and lists, JSON for texts, numbers and days as they are."""
    pad = "  " * indent
    if isinstance(written, dict):
        return "".join(f"\n{pad}{key}: {as_yaml(value, indent + 1)}" for key, value in written.items())
    if isinstance(written, list):
        return "".join(f"\n{pad}-{as_yaml(value, indent + 1)}" for value in written)
    return json.dumps(written, ensure_ascii=False) if isinstance(written, str) else str(written)


def in_spanish(title: str | dict) -> str:
    return title if isinstance(title, str) else title["es"]


@settings(max_examples=120, deadline=None)
@given(definitions())
def test_rows_say_what_was_written(written):
    with TemporaryDirectory() as folder:
        text = "settings: {locale: es-ES}" + as_yaml(written)
        Path(folder, "a.yml").write_text(text, encoding="utf-8", newline="\n")
        read, findings = check(Path(folder), today=TODAY)
    assert read is not None, (text, findings)
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    tables = to_tables(read, today=TODAY, refresh_id="r", refreshed_at=moment, channels=[])
    rows = {name: tables[name].to_pylist() for name in ("objectives", "key_results", "milestones", "notes")}
    for objective, row, result in zip(written["objectives"], rows["objectives"], rows["key_results"], strict=True):
        scored = objective["key_results"][0]
        assert (row["objective_id"], row["title"]) == (objective["id"], in_spanish(objective["title"]))
        assert row["owner"] == objective["owner"]
        assert (result["key_result_id"], result["type"]) == (scored["id"], scored["type"])
        assert result["title"] == in_spanish(scored["title"])
        assert result["weight"] == float(scored["weight"])
        for number in ("target", "low", "high"):
            assert result[number] == scored.get(number)
        assert result["baseline_value"] == scored.get("baseline")
    steps = [
        (objective["id"], step["id"], in_spanish(step["title"]), float(step["weight"]), step["due"])
        for objective in written["objectives"]
        for step in objective["key_results"][0].get("milestones", [])
    ]
    assert [tuple(row.values())[:2] + tuple(row.values())[3:] for row in rows["milestones"]] == steps
    assert [(row["date"], row["text"]) for row in rows["notes"]] == [
        (note["date"], note["text"]) for note in written["notes"]
    ]
