"""No card, row, chart or page shows a colour that its number contradicts: all types of key results in all states."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from okr_reports.key_result_types import types
from okr_reports.report_site.build import BuildResult, build_site
from okr_reports.report_site.formats.words import STATUSES
from tests.report_site.conftest import REPORTS

ROW = re.compile(r"<(tr|li|article)\b[^>]*>(?:(?!<(?:tr|li|article)\b).)*?</\1>", re.DOTALL)
LINK = re.compile(r"key-results/(walk_\w+)/index\.html")
COLOUR = re.compile(r'class="(?:[\w-]+ )*st-(\w+)(?: [\w-]+)*"')
BASE = "linkedin_leads_up"
CLONED = ("fct_key_result_daily", "key_result_pace", "fct_check_in", "key_result_sources")


def key_result(type_: str, status: str, met: bool) -> str:
    return f"walk_{type_}_{status}_{'met' if met else 'not'}"


@pytest.fixture(scope="module")
def walked(english_snapshot, tmp_path_factory) -> tuple[BuildResult, Path]:
    """A company with a key result of each type in each state, its number now on either side of the limit."""
    copy = tmp_path_factory.mktemp("walk") / "okr.duckdb"
    copy.write_bytes(english_snapshot.read_bytes())
    with duckdb.connect(str(copy)) as warehouse:
        warehouse.execute("use marts")
        for type_ in types().values():
            for status in STATUSES:
                for met in (True, False):
                    name = key_result(type_.name, status, met)
                    held, limits = type_.is_held, type_.shape in ("band", "range")
                    warehouse.execute(
                        f"""insert into key_results by name select * replace (
                          ? as key_result_id, ? as title, ? as type, ? as status, ? as hold, ? as value_met,
                          ? as weeks_observed, ? as weeks_kept,
                          case when ? = 'no_data' then null else value end as value,
                          case when ? then target / 2 end as low, case when ? then target * 2 end as high
                        ) from key_results where key_result_id = '{BASE}'""",
                        [name, name, type_.name, status, "units" if held else None, met if held else None,
                         8 if held else None, 6 if held else None, status, limits, limits],
                    )  # fmt: skip
                    for table in CLONED:
                        columns = [row[0] for row in warehouse.execute(f"describe {table}").fetchall()]
                        stated = ", ? as status" if "status" in columns else ""
                        warehouse.execute(
                            f"insert into {table} by name select * replace (? as key_result_id{stated})"
                            f" from {table} where key_result_id = '{BASE}'",
                            [name, status] if stated else [name],
                        )
    return build_site(copy, REPORTS, tmp_path_factory.mktemp("site") / "walk"), copy


def status_of(name: str) -> str:
    return next(
        status for status in sorted(STATUSES, key=len, reverse=True) if re.search(rf"_{status}_(met|not)$", name)
    )


def test_every_row_and_card_has_the_colour_of_its_own_status(walked):
    built, _ = walked
    seen: Counter[str] = Counter()
    wrong = []
    for path in sorted(built.out_dir.rglob("*.html")):
        for part in ROW.finditer(path.read_text(encoding="utf-8")):
            named = set(LINK.findall(part[0]))
            if len(named) != 1:
                continue
            [name] = named
            seen[name] += 1
            colours = set(COLOUR.findall(part[0])) - {"in_time", "overdue", "reached", "ahead"}
            if colours - {status_of(name)}:
                wrong.append((path.relative_to(built.out_dir), name, colours))
    assert wrong == []
    assert len(seen) == len(types()) * len(STATUSES) * 2


@pytest.mark.parametrize("type_", sorted(types()))
def test_a_page_has_two_verdicts_of_what_is_held_and_one_of_the_rest(walked, type_):
    """The number now is judged by its limit alone, the period by its own word."""
    built, _ = walked
    for status, word in STATUSES.items():
        for met in (True, False):
            html = (built.out_dir / "key-results" / key_result(type_, status, met) / "index.html").read_text(
                encoding="utf-8"
            )
            main = html[html.index("<main") : html.index("</main>")]
            head = main[: main.index('<div class="values">')]
            assert COLOUR.findall(head)[0] == status
            assert f"</svg>{word}</span>" in head
            values = main[main.index('<div class="values">') :].partition("</div>\n</div>")[0]
            now = set(COLOUR.findall(values)) & {"in_time", "overdue"}
            expected = ({"in_time"} if met else {"overdue"}) if types()[type_].is_held else set()
            assert now == expected, (status, met)
            said = "within the limit" if met else "outside the limit"
            assert not types()[type_].is_held or f"</svg>{said}</span>" in values


def test_a_change_is_green_only_where_its_kpi_says_so(walked):
    """Of every KPI on every page: better is green, worse is red, what is neutral or within its noise is grey."""
    built, copy = walked
    with duckdb.connect(str(copy), read_only=True) as connection:
        better = dict(connection.execute("select kpi_id, better from marts.dim_kpi").fetchall())
    card = re.compile(r'kpis/(\w+)/index\.html.*?class="delta (good|bad|neutral)[^"]*"[^>]*>(.*?)</span>', re.DOTALL)
    seen: Counter[str] = Counter()
    for path in sorted(built.out_dir.rglob("*.html")):
        for part in re.finditer(
            r'<div class="big-value">(?:(?!<div class="big-value">).)*', path.read_text(encoding="utf-8"), re.DOTALL
        ):
            if found := card.search(part[0]):
                kpi, verdict, text = found.groups()
                seen[verdict] += 1
                rises = {"▲": True, "▼": False}.get(next((one for one in "▲▼" if one in part[0]), ""))
                expected = {"higher": rises, "lower": None if rises is None else not rises, "neutral": None}[
                    better[kpi]
                ]
                assert verdict in ("neutral", {True: "good", False: "bad", None: "neutral"}[expected]), (
                    path,
                    kpi,
                    text,
                )
    assert seen["neutral"] > 0
