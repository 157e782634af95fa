"""The part of a test snapshot that objectives and key results fill."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from okr_reports.common.folder_names import person_id
from tests.report_site.snapshot_data import KEY_RESULTS, OBJECTIVES, TEAMS
from tests.report_site.snapshot_rows import HOSTILE, PERIODS, PROVISIONAL_FROM, THROUGH, TODAY, Row, Rows, days
from tests.report_site.snapshot_tables import DDL


@dataclass(frozen=True)
class Day:
    """One day of a key result as the marts know it."""

    date: date
    value: float | None
    progress: float | None
    expected: float
    status: str
    provisional: bool


def status_of(progress: float | None, expected: float, elapsed: float, closed: bool) -> str:
    if progress is None:
        return "no_data"
    if closed:
        return "achieved" if progress >= 1 else "missed"
    if elapsed < 0.1:
        return "too_early"
    ratio = progress / expected if expected else 1.0
    return "on_track" if ratio >= 0.95 else "at_risk" if ratio >= 0.75 else "off_track"


class OkrRows(Rows):
    """Objectives with their key results, day by day and as they are now; check-ins and notes."""

    def key_result_days(self, spec: dict[str, Any], start: date, end: date) -> list[Day]:
        result = []
        through = min(end, THROUGH)
        for day in days(start, through):
            elapsed = ((day - start).days + 1) / ((end - start).days + 1)
            reached = spec["pace"]
            wobble = 1 + 0.05 * math.sin((day - start).days / 5)
            progress = None if reached is None else max(-0.2, elapsed * reached * wobble)
            expected = 1.0 if spec["type"] in ("at_least", "at_most", "between") else elapsed
            if expected == 1.0 and reached is not None:
                progress = min(1.0, reached * wobble)
            if spec["type"] in ("milestones", "binary", "qualitative") and progress is not None:
                progress = math.floor(progress * 4) / 4
            closed = day == end
            if closed and reached is not None:
                progress = spec["final"]
            status = status_of(progress, expected, elapsed, closed)
            result.append(
                Day(
                    day,
                    self.value_of(spec, progress),
                    progress,
                    expected,
                    status,
                    day >= PROVISIONAL_FROM and spec["kpi"] is not None,
                )
            )
        return result

    @staticmethod
    def value_of(spec: dict[str, Any], progress: float | None) -> float | None:
        if progress is None:
            return None
        if spec["type"] in ("milestones", "binary", "qualitative"):
            return progress
        low = spec["baseline"] if spec["level"] else 0.0
        target = spec["target"] if spec["target"] is not None else spec["high"]
        if spec["type"] in ("at_least", "at_most", "between"):
            return float(target) * (2 - progress if spec["type"] == "at_most" else progress)
        return float(low + progress * (target - low))

    def key_result(self, objective: dict[str, Any], spec: dict[str, Any], position: int) -> Row:
        start, end = PERIODS[objective["period"]]
        history = self.key_result_days(spec, start, end)
        last = history[-1]
        numbers = spec["baseline"], spec["target"]
        for day in history:
            score = None if day.progress is None else min(1.0, max(0.0, day.progress))
            tail = (None, None, None, None)
            if spec["forecast"] and day is last and day.value is not None:
                end_value = day.value / max(day.expected, 0.01)
                tail = (end_value * 0.93, end_value, end_value * 1.08, 0.62 if spec["pace"] < 1 else 0.91)
            self.add(
                "fct_key_result_daily",
                spec["id"],
                day.date,
                day.value,
                *numbers,
                day.progress,
                score,
                day.expected,
                day.status,
                self.text(f"reason of {day.date}"),
                day.provisional,
                *tail,
            )
            if day.date.weekday() == 0:
                early = None if day.value is None else day.value * 0.98
                self.add(
                    "fct_key_result_reported",
                    spec["id"],
                    day.date - timedelta(days=1),
                    day.date,
                    early,
                    score,
                    day.status,
                )
        for number, day_ in enumerate(days(start - timedelta(days=1), end)):
            flat = spec["type"] in ("at_least", "at_most", "between")
            self.add("key_result_pace", spec["id"], day_, 1.0 if flat else number / ((end - start).days + 1))
        self.check_ins(spec, start, min(end, TODAY))
        self.parts(spec, end)
        return self.key_result_now(objective, spec, position, last, tail)

    def check_ins(self, spec: dict[str, Any], start: date, until: date) -> None:
        if not spec["check_ins"]:
            return
        until = min(until, spec.get("last_check_in", until))
        for number, day in enumerate(day for day in days(start, until) if day.weekday() == 0):
            confidence = round(min(0.95, max(0.1, spec["confidence"] + 0.05 * math.sin(number))), 2)
            self.add(
                "fct_check_in",
                f"{spec['id']}-{number}",
                spec["id"],
                day,
                self.text(spec["owner"]),
                confidence,
                self.text(spec["note"]),
                self.text(spec["next"]),
                (None, "done", "open", "dropped")[number % 4],
                None,
                None,
                None,
                None,
            )

    def parts(self, spec: dict[str, Any], end: date) -> None:
        if spec["type"] == "milestones":
            for number, title in enumerate(("Brief agreed", "First draft", "Legal review", "Launch")):
                self.add(
                    "key_result_milestones",
                    spec["id"],
                    f"m{number}",
                    number,
                    self.text(title),
                    1.0,
                    end - timedelta(days=70 - 20 * number),
                    end - timedelta(days=72 - 20 * number) if number < 2 else None,
                )
        for position, kpi in enumerate(spec["beside"]):
            self.add("key_result_kpis", spec["id"], kpi, position)
        self.versions(spec, end)
        if spec["kpi"] is not None:
            self.add("key_result_sources", spec["id"], "linkedin_ads", "510001", THROUGH, "fresh", False)
            if spec["stale"]:
                self.add(
                    "key_result_sources", spec["id"], "linkedin_ads", "510002", date(2026, 11, 18), "failed", False
                )

    def versions(self, spec: dict[str, Any], end: date) -> None:
        """One that was defined before its period, and for every other key result a second one of its second month."""
        second = end - timedelta(days=61)
        common = (spec["type"], spec["kpi"], spec.get("baseline"), spec.get("target"), None, None, spec["unit"])
        moment = datetime(second.year, second.month, second.day, 9, tzinfo=UTC)
        is_changed = len(self.rows["key_result_versions"]) % 3 == 0
        until = second - timedelta(days=1) if is_changed else None
        self.add("key_result_versions", spec["id"], 1, end - timedelta(days=91), until, *common, None, None, None, None)
        if is_changed:
            who = (self.text("Eva"), moment)
            self.add("key_result_versions", spec["id"], 2, second, None, *common, second, moment, *who)

    def closing(self, objective: dict[str, Any], spec: dict[str, Any], last: Day, score: float | None) -> None:
        """As closed 41 days after the end; every other one has been restated since."""
        closed_on = last.date + timedelta(days=41)
        is_restated = len(self.rows["fct_key_result_final"]) % 2 == 0 and last.value is not None
        now = last.value * 0.5 if is_restated and last.value is not None else last.value
        self.add(
            "fct_key_result_final", spec["id"], objective["period"], 1, objective["id"], self.text(spec["title"]),
            spec["type"], spec["kpi"], spec["unit"], self.text(objective["owner"]), objective["team"], 1.0, last.value,
            score, last.status, closed_on, now, score, last.status, "restated" if is_restated else None, True,
            "refresh",
        )  # fmt: skip

    def key_result_now(
        self, objective: dict[str, Any], spec: dict[str, Any], position: int, last: Day, tail: Row
    ) -> Row:
        start, end = PERIODS[objective["period"]]
        score = None if last.progress is None else min(1.0, max(0.0, last.progress))
        checked = [row for row in self.rows["fct_check_in"] if row[1] == spec["id"]]
        newest = checked[-1] if checked else None
        stale_check = end >= TODAY and (newest is None or (TODAY - newest[2]).days > 10)
        unlike = last.status == "off_track" and newest is not None and newest[4] >= 0.7
        if last.date == end:
            self.closing(objective, spec, last, score)
        words = f"{spec['owner']} says {newest[4]:.0%}, the numbers say off track" if unlike and newest else None
        row = (
            spec["id"],
            objective["id"],
            position,
            last.date,
            self.text(spec["title"]),
            self.texts(spec["title"]),
            spec["type"],
            spec["kpi"],
            spec["unit"],
            spec["better"],
            self.text(objective["owner"]),
            objective["team"],
            objective["period"],
            start,
            end,
            objective["parent"],
            objective["ambition"],
            1.0,
            last.value,
            spec["baseline"],
            spec["target"],
            spec["low"],
            spec["high"],
            last.progress,
            score,
            last.expected,
            last.status,
            self.text(f"{spec['id']}: progress {last.progress} of {last.expected:.3f} expected"),
            last.provisional,
            *tail,
            newest[4] if newest else None,
            newest[2] if newest else None,
            newest[3] if newest else None,
            newest[5] if newest else None,
            newest[6] if newest else None,
            stale_check,
            None if words is None else self.text(words),
            self.text("The baseline was restated by 2.1 % on 2026-10-20") if spec["restated"] else None,
            spec["type"] == "count_range" and (last.progress or 0) > 1.2,
            start + timedelta(days=9) if spec["restated"] else None,
            date(2026, 11, 18) if spec["stale"] and end >= TODAY else last.date,
            date(2026, 11, 19) if spec["stale"] and end >= TODAY else None,
            PROVISIONAL_FROM if last.provisional else None,
        )
        self.add("key_results", *row)
        self.person(spec["id"], "owner", row[10])
        if position:
            self.person(spec["id"], "contributor", self.text("Inés Área/..\\CON"))
        return row

    def person(self, key_result: str, role: str, name: str) -> None:
        self.add("key_result_people", key_result, role, 1, name, person_id(name))
        if all(row[0] != name for row in self.rows["dim_person"]):
            self.add("dim_person", name, person_id(name), name)

    def objective(self, objective: dict[str, Any], position: int, specs: list[dict[str, Any]]) -> None:
        start, end = PERIODS[objective["period"]]
        rows = [self.key_result(objective, spec, number) for number, spec in enumerate(specs)]
        for day in days(start, min(end, THROUGH)):
            of_day = [
                row
                for row in self.rows["fct_key_result_daily"]
                if row[1] == day and row[0] in {spec["id"] for spec in specs}
            ]
            known = [row for row in of_day if row[6] is not None]
            score = sum(row[6] for row in known) / len(known) if known else None
            expected = sum(row[7] for row in known) / len(known) if known else None
            elapsed = ((day - start).days + 1) / ((end - start).days + 1)
            status = status_of(score, expected or 1.0, elapsed, day == end)
            weakest = min(known, key=lambda row: row[6] / (row[7] or 1))[0] if known else None
            coverage = len(known) / len(of_day) if of_day else 0.0
            self.add("fct_objective_daily", objective["id"], day, score, expected, status, coverage, weakest)
        own = objective.get("measure", (None,) * 7)
        names = [column.split()[0] for column in DDL["key_results"]]
        now = [dict(zip(names, row, strict=False)) for row in rows]
        confidences = [row["confidence"] for row in now if row["confidence"] is not None]
        team = None if objective["team"] is None else self.text(TEAMS[objective["team"]])
        stale = [row["stale_since"] for row in now if row["stale_since"] is not None]
        self.add(
            "objectives",
            objective["id"],
            position,
            day,
            self.text(objective["title"]),
            self.texts(objective["title"]),
            self.text(objective["about"]),
            self.text(objective["owner"]),
            objective["team"],
            team,
            objective["period"],
            start,
            end,
            objective["parent"],
            objective["ambition"],
            self.text("Eva"),
            start - timedelta(days=4),
            score,
            expected,
            status,
            self.text(f"{score} of {expected} expected; weakest {weakest}"),
            coverage,
            weakest,
            sum(confidences) / len(confidences) if confidences else None,
            date(2026, 11, 16),
            THROUGH,
            min(stale) if stale else None,
            *own,
        )
        for number, (title, state) in enumerate((("New lead form", "doing"), ("Creative tests", "todo"))):
            self.add("initiatives", objective["id"], number, self.text(title), self.text("Luis"), state)

    def all_objectives(self) -> None:
        position = 0
        for number in range(self.scale):
            for objective in OBJECTIVES:
                if number and objective["period"] != "2026-Q4":
                    continue
                suffix = f"_{number}" if number else ""
                specs = [{**spec, "id": spec["id"] + suffix} for spec in KEY_RESULTS if spec["of"] == objective["id"]]
                copy = {**objective, "id": objective["id"] + suffix}
                self.objective(copy, position, specs)
                position += 1
        period = ("2026-Q3", "Q3 2026", *PERIODS["2026-Q3"])
        statuses = [row[13] for row in self.rows["fct_key_result_final"]]
        counts = [statuses.count(status) for status in ("achieved", "missed", "no_data")]
        closed_on = period[3] + timedelta(days=41)
        self.add("fct_period_closing", *period, "closed", closed_on, None, len(statuses), *counts, 0, 0, None)
        self.add(
            "fct_note",
            "n1",
            date(2026, 11, 10),
            "kpi",
            "linkedin_leads",
            self.text("Tracking was down for **six hours**."),
        )
        self.add(
            "fct_note",
            "n2",
            date(2026, 11, 12),
            "key_result",
            "linkedin_leads_up",
            self.text("Black Friday creatives start on Thursday."),
        )
        self.add("fct_note", "n4", date(2026, 11, 5), "team", "paid_social", self.text("Eva is away until the 16th."))
        self.add("fct_note", "n5", date(2026, 11, 6), "channel", "linkedin_ads", self.text("Local holiday."))
        self.add("fct_note", "n3", date(2026, 11, 3), "objective", "more_linkedin_leads", self.text(HOSTILE))
