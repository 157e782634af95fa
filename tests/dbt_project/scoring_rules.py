"""The rows of scoring_cases.csv that are whole key results: from their YAML through the definitions to the models.

`definition` is a key result's YAML without id and title. `period` is `46/92`: today is its 46th day. `kpi` is the
YAML of a KPI over measures v (and w). `data` are its rows, `days[/step]: v[/w]`, by the day of the period:
`-55..45: 10/200`; `1..40/7: 5` is every seventh day; `to 44` is the day that the source speaks up to, without it
yesterday; `plan 1..92: 2` are rows of the plan that `target: {kpi: plan}` names, of the KPI's kind. `said` are
check-ins by day: `3: confidence 0.8; 40: met true`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.dbt_project.warehouse import Warehouse

HEAD = """
settings:
  {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB, objectives_per_team: {min: 0, max: 999}}
teams: [{id: t, title: T}]
file_sources:
  - {id: made, path: made.csv, channel: made, date: date, account_id: account, measures: {v: v, w: w, plan: plan}}
"""
Case = dict[str, str]


def start_of(case: Case, today: date) -> date:
    return today - timedelta(days=int(case["period"].split("/")[0]) - 1)


def day_of(case: Case, today: date, number: str | int) -> date:
    """The day of the period by its number, from 1 on."""
    return start_of(case, today) + timedelta(days=int(number) - 1)


def with_days(case: Case, today: date) -> str:
    """The definition with days for what it writes as <17>."""
    parts = re.split(r"<(-?\d+)>", case["definition"])
    return "".join(str(day_of(case, today, part)) if place % 2 else part for place, part in enumerate(parts))


def definitions(cases: Iterable[Case], today: date) -> str:
    """All cases as one file: a period, an objective and a KPI each."""
    periods, kpis, objectives, check_ins = [], [], [], []
    for case in cases:
        id_, start = case["id"], start_of(case, today)
        end = start + timedelta(days=int(case["period"].split("/")[1]) - 1)
        periods.append(f"{{id: p_{id_}, title: P, start: {start}, end: {end}}}")
        uses = ""
        if case["kpi"]:
            uses = f"kpi: {id_}, "
            kpis.append(f"{{id: {id_}, where: {{channel: made, account_id: {id_}}}, {case['kpi']}}}")
        definition = with_days(case, today).replace("{kpi: plan}", f"{{kpi: plan_{id_}}}")
        if "{kpi: plan" in definition:
            kind = case["kpi"].split(",")[0]
            kpis.append(f"{{id: plan_{id_}, where: {{channel: made, account_id: {id_}}}, {kind}, measure: plan}}")
        result = f"{{id: {id_}, title: K, {uses}{definition}}}"
        ambition = "aspirational" if "aspirational" in case["case"] else "committed"
        objectives.append(
            f"{{id: o_{id_}, title: O, period: p_{id_}, team: t, owner: Ana, ambition: {ambition},"
            f" key_results: [{result}]}}"
        )
        check_ins += [
            f"{{date: {day_of(case, today, day)}, key_result: {id_}, author: Ana, {key}: {value}}}"
            for day, key, value in re.findall(r"(-?\d+): (\w+) ([^;]+)", case["said"])
        ]
    lists = {"periods": periods, "kpis": kpis, "objectives": objectives, "check_ins": check_ins}
    return HEAD + "".join(
        f"{name}:\n" + "".join(f"  - {entry}\n" for entry in entries) for name, entries in lists.items() if entries
    )


def measures(case: Case, today: date, loaded_at: Any) -> Iterator[dict[str, Any]]:
    common = {
        "source_id": "made", "source_file": f"{case['id']}.csv", "channel": "made", "account_id": case["id"],
        "campaign_id": "", "loaded_at": loaded_at,
    }  # fmt: skip
    rows = re.findall(r"(plan )?(-?\d+)(?:\.\.(-?\d+))?(?:/(\d+))?: (-?[\d.]+)(?:/(-?[\d.]+))?", case["data"])
    for plan, first, last, step, upper, lower in rows:
        for number in range(int(first), int(last or first) + 1, int(step or 1)):
            for measure, value in (("plan" if plan else "v", upper), ("w", lower)):
                if value:
                    yield {**common, "date": day_of(case, today, number), "measure": measure, "value": float(value)}


def through(case: Case, today: date) -> date:
    told = re.search(r"to (-?\d+)", case["data"])
    return day_of(case, today, told[1]) if told else today - timedelta(days=1)


def spoken(cases: list[Case], facts: list[dict[str, Any]], today: date) -> Iterator[dict[str, Any]]:
    """Up to when a file speaks, where that is later than its last row."""
    counted = sorted((row for row in facts if row["measure"] != "plan"), key=lambda row: row["date"])
    last = {row["account_id"]: row["date"] for row in counted}
    common = {"source_id": "made", "channel": "made", "cadence_days": 3, "is_ended": False}
    for case in (one for one in cases if one["id"] in last):
        until = through(case, today)
        names = {"source_file": f"{case['id']}.csv", "account_id": case["id"]}
        for measure in ("v", "w"):
            spoken_through = until if until > last[case["id"]] else None
            yield {**common, **names, "measure": measure, "spoken_through": spoken_through}


def score(warehouse: Warehouse, folder: Path, cases: list[Case]) -> dict[str, dict[str, Any]]:
    """The key results of all cases by id, as the marts have them."""
    (folder / "made.csv").write_text("date,account,v,w,plan\n", encoding="utf-8")
    (folder / "all.yml").write_text(definitions(cases, warehouse.today), encoding="utf-8")
    warehouse.define(folder)
    facts = [row for case in cases for row in measures(case, warehouse.today, warehouse.moment)]
    warehouse.put("files.measures", facts)
    warehouse.put("files.file_measures", spoken(cases, facts, warehouse.today))
    for case in cases:
        if case["kpi"]:
            warehouse.loaded("made", case["id"], data_through=through(case, warehouse.today))
    warehouse.build()
    return {row["key_result_id"]: row for row in warehouse.rows("from marts.key_results")}
