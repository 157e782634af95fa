"""The columns of the analysts' copy that are sentences, written when the copy is made.

The warehouse holds codes and numbers; readers of the copy find both, and the sentence in the reporting language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from okr_reports.words import catalogues, language_of, reasons, translations
from okr_reports.words.numbers import PlainNumbers
from okr_reports.words.reasons import Row

# A sentence of a row, or none.
Say = Callable[[Row], str | None]


@dataclass(frozen=True)
class Sentence:
    """A column of sentences: in which mart, after which column, made from which rows, and what it says.

    `rows` selects the mart's key and what the sentence names, over `warehouse.marts`.
    """

    mart: str
    column: str
    after: str
    key: tuple[str, ...]
    rows: str
    say: str
    comment: str


_STATUS = "The status in words, with its numbers, in the report's language."
SENTENCES = (
    Sentence(
        "fct_key_result_daily", "status_reason", "status", ("key_result_id", "date"),
        "select d.*, k.unit, k.baseline_start, k.baseline_end, k.period_start, k.runs_from"
        " from warehouse.marts.fct_key_result_daily as d"
        " inner join warehouse.marts.key_results as k on d.key_result_id = k.key_result_id",
        "status_reason", _STATUS,
    ),
    Sentence(
        "key_results", "status_reason", "status", ("key_result_id",), "from warehouse.marts.key_results",
        "status_reason", _STATUS,
    ),
    Sentence(
        "key_results", "disagreement", "check_in_is_stale", ("key_result_id",), "from warehouse.marts.key_results",
        "disagreement", "In words, where the owner's confidence and the numbers disagree.",
    ),
    Sentence(
        "key_results", "baseline_note", "disagreement", ("key_result_id",), "from warehouse.marts.key_results",
        "baseline_note",
        "In words, where the baseline was restated by more than 1 % after the target was fixed, or its sources begin"
        " within its period.",
    ),
    Sentence(
        "objectives", "status_reason", "status", ("objective_id",), "from warehouse.marts.objectives",
        "status_reason", _STATUS,
    ),
    Sentence(
        "source_health", "last_error", "last_load_at", ("channel", "account_id"), "from warehouse.marts.source_health",
        "source_error", "Why it is not fresh, and what to do.",
    ),
)  # fmt: skip


def speakers(locale: str, currency: str, folders: Iterable[Path]) -> Mapping[str, Say]:
    """What makes the sentences of a report in `locale`, by `Sentence.say`."""
    folders = list(folders)
    # Sentences that stay English have English marks.
    language = language_of(locale) if catalogues(locale, folders) else "en"
    cached: dict[str, str] = {}
    gettext = translations(locale, folders).gettext

    def text(message: str) -> str:
        if message not in cached:
            cached[message] = gettext(message)
        return cached[message]

    numbers = PlainNumbers(language, currency)
    sayers: dict[str, Say] = {
        name: partial(getattr(reasons, name), text=text, numbers=numbers)
        for name in ("status_reason", "disagreement", "baseline_note")
    }
    return {**sayers, "source_error": reasons.source_error}


def said(sentence: Sentence, rows: Iterable[Mapping[str, Any]], say: Say) -> dict[str, list[Any]]:
    """The key of each row and its sentence, as columns."""
    made: dict[str, list[Any]] = {name: [] for name in (*sentence.key, sentence.column)}
    for row in rows:
        for name in sentence.key:
            made[name].append(row[name])
        made[sentence.column].append(say(row))
    return made
