"""Why a status is what it is, in words: a sentence for each code of the marts, with the numbers of its row.

A row is one of `key_results`, `fct_key_result_daily` (with `unit`, `baseline_start` and `baseline_end` of its key
result), `objectives` or `source_health`. A publication of an older version has no codes: its sentence is shown as kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from okr_reports.key_result_types import find
from okr_reports.key_result_types.rule import N_
from okr_reports.words.numbers import Numbers

Row = Mapping[str, Any]
Text = Callable[[str], str]

KEY_RESULT_REASONS = {
    "scheduled": N_("Begins on %(start)s."),
    "no_source": N_("No data: its sources have given no closed day of the period."),
    "too_early": N_("Day %(day)s of %(days)s, too early to judge: %(detail)s."),
    "running": N_("%(progress)s done, %(expected)s expected by day %(day)s of %(days)s: %(detail)s."),
    "running_away": N_(
        "Moved away from its target, %(expected)s of the way expected by day %(day)s of %(days)s: %(detail)s."
    ),
    "holding": N_("%(progress)s held by day %(day)s of %(days)s: %(detail)s."),
    "final": N_("%(progress)s reached, %(line)s needed: %(detail)s."),
    "final_provisional": N_(
        "%(progress)s reached, %(line)s needed: %(detail)s. Provisional: its sources may still restate."
    ),
    "final_away": N_("Moved away from its target, %(line)s of the way needed: %(detail)s."),
    "final_away_provisional": N_(
        "Moved away from its target, %(line)s of the way needed: %(detail)s."
        " Provisional: its sources may still restate."
    ),
    "no_check_in": N_("No check-in yet."),
    "no_week": N_("No closed week with data yet."),
    "no_month": N_("No closed month or quarter with data yet."),
    "no_baseline": N_("No baseline: its source knows no number for %(baseline_start)s to %(baseline_end)s."),
    "no_way": N_("The baseline %(baseline)s already lies past the target %(target)s; set another target."),
    "baseline_not_positive": N_(
        "The baseline is %(baseline)s, and a share of it is no target; write target: with a number."
    ),
    "baseline_partial": N_(
        "The baseline is of a period without data on many of its days (%(baseline_start)s to %(baseline_end)s); write a"
        " number, or baseline_coverage: any."
    ),
    "plan_partial": N_(
        "No target: the plan %(plan)s has no number for %(plan_missing_from)s, and has to cover the whole"
        " period; add its rows."
    ),
    "nobody_said": N_("Nobody has said lately how sure it is; write a check-in with a confidence."),
    "said": N_("The owner's confidence is %(confidence)s: %(detail)s."),
    "done": N_("Done: %(detail)s."),
    "past_due": N_("Due by %(due)s and not done."),
    "no_rate": N_("No number: an exchange rate is missing; see the sources."),
    "no_value": N_("No data through %(date)s."),
}
OBJECTIVE_REASONS = {
    "scheduled": KEY_RESULT_REASONS["scheduled"],
    "objective_running": N_(
        "%(progress)s reached, %(expected)s expected on average; %(covered)s of the weight has data."
    ),
    "objective_final": N_("%(progress)s reached on average, %(line)s needed; %(covered)s of the weight has data."),
    "objective_too_early": N_("Day %(day)s of %(days)s, too early to judge: %(progress)s reached on average."),
    "objective_weakest": N_(
        "None of its key results has a pace to compare with: it stands where its weakest one does."
    ),
    "objective_no_data": N_("None of its key results has data."),
}
# Of `objective_running` where some of its key results have no pace and count in the score alone.
OBJECTIVE_IN_PART = N_(
    "%(compared)s reached of what has a pace, %(expected)s expected on average; %(progress)s of all; %(covered)s of the"
    " weight has data."
)
DISAGREEMENTS = {
    "disagrees_high": N_("The owner says %(confidence)s, the numbers say off track."),
    "disagrees_low": N_("The owner says %(confidence)s, the numbers say on track."),
}
BASELINE_NOTES = {
    "restated": N_(
        "The baseline was %(kept)s when the target was fixed and is %(now)s as known now; the target stays."
    ),
    "baseline_begins": N_("The baseline is counted from %(first)s on: its sources have no earlier days."),
    "baseline_stays": N_(
        "The baseline stays that of %(start)s to %(end)s, the period before when the target was fixed."
    ),
}
PERIOD_CLOSINGS = {
    "closed": N_(
        "%(period)s closed on %(closed_on)s: %(achieved)s achieved, %(missed)s missed, %(without_data)s without data."
    ),
    "waits": N_(
        "%(period)s cannot close yet: %(waiting)s of its key results wait for sources that do not reach its end"
        " (%(sources)s)."
    ),
    "open": N_("%(period)s has ended; the last of its key results closes from %(closes_from)s on."),
}
# For whoever runs it, like every error of a load: in English, and what to do.
SOURCE_ERRORS = {
    "no_rate": "no exchange rate for %(currency)s on %(date)s; add it to okr_definitions/exchange_rates.csv",
}
_IN_UNIT = ("value", "baseline", "target", "low", "high", "projected", "limit_number")
_COUNTED = {
    "weeks_kept": "weeks_kept", "weeks_observed": "weeks_observed", "weight_done": "weight_done",
    "weight_total": "weight_total", "day": "day_no", "days": "period_days",
}  # fmt: skip
_SHARES = {
    "progress": "progress",
    "expected": "expected",
    "line": "success_line",
    "covered": "coverage",
    "compared": "score_compared",
    "confidence": "confidence",
}
_DAYS = {
    "due": "due",
    "date": "date",
    "start": "period_start",
    "plan_missing_from": "plan_missing_from",
    "baseline_start": "baseline_start",
    "baseline_end": "baseline_end",
}


class _Spelled(dict[str, str]):
    """The numbers of a row by their names in sentences, each spelled when a sentence uses it; null is empty."""

    def __init__(self, row: Row, numbers: Numbers) -> None:
        super().__init__(plan=str(row.get("plan_kpi_id") or ""))
        self._row, self._numbers = row, numbers

    def __missing__(self, name: str) -> str:
        column = _COUNTED.get(name) or _SHARES.get(name) or _DAYS.get(name) or name
        value = self._row.get(column)
        if name == "start":
            value = self._row.get("runs_from") or value
        if value is None:
            return ""
        if name in _IN_UNIT:
            return self._numbers.value(value, self._row.get("unit"))
        if name in _COUNTED:
            return self._numbers.count(value)
        return self._numbers.share(value) if name in _SHARES else self._numbers.day(value)


def is_compared_whole(score: float | None, compared: float | None) -> bool:
    """Whether an objective's score is, as it is shown, what its status compares with the expected pace."""
    return score is None or compared is None or abs(compared - score) < 0.0005


def status_reason(row: Row, text: Text, numbers: Numbers) -> str | None:
    """The sentence of a key result's or an objective's status."""
    code = row.get("reason_code")
    if code is None:
        return row.get("status_reason")
    if "key_result_id" not in row:
        is_part = code == "objective_running" and not is_compared_whole(row["score"], row.get("score_compared"))
        # An objective's progress is the mean of its scores.
        said = _Spelled({**row, "progress": row["score"]}, numbers)
        return text(OBJECTIVE_IN_PART if is_part else OBJECTIVE_REASONS[code]) % said
    said = _Spelled(row, numbers)
    sentence = text(KEY_RESULT_REASONS[code])
    if "%(detail)s" in sentence:
        said["detail"] = (
            text(find(row["type"]).detail_of(row["kpi_kind"], row.get("hold"), row.get("weeks_unit"))) % said
        )
    return sentence % said


def disagreement(row: Row, text: Text, numbers: Numbers) -> str | None:
    """Where the owner's confidence and a key result's numbers disagree."""
    code = row.get("disagreement_code")
    if code is None:
        return row.get("disagreement")
    return text(DISAGREEMENTS[code]) % {"confidence": numbers.share(row["confidence"])}


def baseline_note(row: Row, text: Text, numbers: Numbers) -> str | None:
    """What has to be known of a key result's baseline."""
    code = row.get("baseline_note_code")
    if code is None:
        return row.get("baseline_note")
    parameters = {
        "kept": lambda: numbers.value(row["baseline_kept"], row["unit"]),
        "now": lambda: numbers.value(row["baseline_now"], row["unit"]),
        "first": lambda: numbers.day(row["baseline_from"]),
        "start": lambda: numbers.day(row["baseline_start"]),
        "end": lambda: numbers.day(row["baseline_end"]),
    }
    names = {"restated": ("kept", "now"), "baseline_begins": ("first",), "baseline_stays": ("start", "end")}[code]
    return text(BASELINE_NOTES[code]) % {name: parameters[name]() for name in names}


def period_closing(row: Row, text: Text, numbers: Numbers) -> str:
    """How far a period is closed, of a row of `fct_period_closing`."""
    counts = {name: numbers.count(row[name]) for name in ("achieved", "missed", "without_data", "waiting")}
    dates = {name: numbers.day(row[name]) if row[name] else "" for name in ("closed_on", "closes_from")}
    said = {**counts, **dates, "period": row["title"] or row["period"], "sources": row["waits_for"] or "?"}
    return text(PERIOD_CLOSINGS[row["state"]]) % said


def source_error(row: Row) -> str | None:
    """Why a source is not fresh, and what to do: our own words for a code, else the source's."""
    code = row.get("error_code")
    if code is None:
        return row.get("last_error")
    return SOURCE_ERRORS[code] % {"currency": row["missing_currency"], "date": row["missing_date"].isoformat()}
