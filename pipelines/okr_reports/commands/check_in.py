"""`okr check-in`: the numbers as they stand, the questions of the key result's type, and the file they become."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okr_reports import settings
from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError
from okr_reports.findings import read_definitions
from okr_reports.settings import Workspace

if TYPE_CHECKING:
    from okr_reports.desk.waiting import OpenCheckIn
    from okr_reports.okrs.definitions import Definitions

# The words of the form on the site, with how an answer is written
QUESTIONS = {
    "confidence": ("How sure are you that it will be reached?", "0-100 %"),
    "value": ("How much is it now?", ""),
    "done": ("Milestones done", ""),
    "met": ("Is it done?", "yes / no"),
    "grade": ("How good is it today?", "0-100 %"),
    "evidence": ("How many cases does it rest on?", ""),
    "previous_next": ("The next step of last time", "done / open / dropped"),
    "note": ("What happened?", ""),
    "next": ("The next step", ""),
}


def check_in(workspace: Workspace, key_result: str, given: dict[str, Any], *, ask: bool) -> Path:
    """Ask for what `given` leaves out, if somebody is there to answer, and write the check-in; its file.

    With `ask` somebody is there at a terminal, or when no answer was given as an option. Raises DefinitionsError or
    OkrError, and then nothing is written.
    """
    from okr_reports.okrs.check_in import write_check_in
    from okr_reports.okrs.words import nearest, shown

    defined = read_definitions(workspace)
    if key_result not in defined.key_result_by_id:
        raise OkrError(f"there is no key result {shown(key_result)}; {nearest(key_result, defined.key_result_by_id)}")
    result = defined.key_result_by_id[key_result][1]
    today = settings.today(defined.settings.timezone)
    answers = dict(given)
    day = answers.pop("date") or today
    if day > today:
        raise OkrError(f"{day} is yet to come, today is {today}; a check-in says how it stands: leave --date out")
    if ask and (sys.stdin.isatty() or not any(value is not None for value in given.values())):
        _show(workspace.snapshot, key_result)
        words = Words(workspace, defined)
        planned = _said_last(defined, key_result, "next")
        for name in _question_names(result, planned):
            if answers.get(name) is None:
                question = words.question(name, result, planned)
                answers[name] = _ask(name, question, result, _offered(defined, key_result, name), words.decimal)
    answers = {name: _typed(name, answer, _decimal(defined)) for name, answer in answers.items()}
    return write_check_in(
        workspace.definitions_dir,
        defined,
        key_result=key_result,
        date=day,
        author=answers.pop("author") or _author(),
        done=_ids(answers.pop("done")),
        met=_yes_or_no(answers.pop("met")),
        **answers,
    )


def waiting(workspace: Workspace) -> list[OpenCheckIn]:
    """The key results that take a check-in today, overdue ones first. Raises DefinitionsError."""
    from okr_reports.desk.waiting import open_check_ins

    defined = read_definitions(workspace)
    return open_check_ins(workspace, defined, settings.today(defined.settings.timezone))


def _question_names(result: Any, planned: str) -> list[str]:
    """The questions for this key result, in order; with what was planned last, what became of it."""
    from okr_reports.okrs.lints.check_ins import value_key

    answer = value_key(result)
    counts = ["evidence"] if getattr(result, "evidence", None) else []
    return [
        "confidence",
        *([answer] if answer else []),
        *counts,
        *(["previous_next"] if planned else []),
        "note",
        "next",
    ]


class Words:
    """The dialog's words in the language of the reports, and their decimal sign."""

    def __init__(self, workspace: Workspace, defined: Definitions) -> None:
        from okr_reports.report_site.formats.languages import Language

        folders = (workspace.reports_dir / "translations", settings.shipped("reports") / "translations")
        self._text = Language(defined.settings.locale, folders).text
        self.decimal = _decimal(defined)

    def question(self, name: str, result: Any, planned: str) -> str:
        words, answers = QUESTIONS[name]
        if name == "done":
            answers = ", ".join(step.id for step in result.milestones)
        if name == "evidence":
            answers = self._text("Needed: %(needed)s", needed=result.evidence.words)
        if name == "previous_next":
            answers = f"{planned}; {answers}"
        return self._text(words) + (f" ({answers})" if answers else "")


def _decimal(defined: Definitions) -> str:
    from babel.numbers import get_decimal_symbol

    return str(get_decimal_symbol(defined.settings.locale.replace("-", "_")))


def _typed(name: str, answer: Any, decimal: str) -> Any:
    """A number as people type it, as the definitions write it: `3,2` is 3.2, a confidence of 60 is 60 %."""
    from okr_reports.common.typed_numbers import typed_number

    if name not in ("confidence", "value", "grade") or not isinstance(answer, str):
        return answer
    number = typed_number(answer.removesuffix("%"), decimal)
    if number is None:
        return answer
    # 7 may be 7 of 10: it is refused, as it always was
    is_percent = answer.rstrip().endswith("%") or (name != "value" and float(number) >= 10)
    return number + ("%" if is_percent else "")


def _offered(defined: Definitions, key_result: str, name: str) -> str:
    """What Enter confirms: a number said last; words are never repeated."""
    return _said_last(defined, key_result, name) if name in ("confidence", "value", "met", "grade", "evidence") else ""


def _said_last(defined: Definitions, key_result: str, name: str) -> str:
    """What the last check-in that says it said, '' where none does."""
    earlier = sorted((said for said in defined.check_ins if said.key_result == key_result), key=lambda said: said.date)
    answers = [answer for said in earlier if (answer := getattr(said, name)) is not None]
    if not answers:
        return ""
    return ("yes" if answers[-1] else "no") if name == "met" else f"{answers[-1]}"


def _ask(name: str, question: str, result: Any, before: str, decimal: str) -> str | None:
    """One question, asked again until its answer can be read; Enter takes what was said before, or says nothing."""

    def readable(typed: str) -> str:
        text = str(_typed(name, typed, decimal))
        fault = _fault(name, text, result) if text else ""
        if fault:
            raise click.BadParameter(fault)
        return text

    return click.prompt(question, default=before, show_default=bool(before), value_proc=readable) or None


def _fault(name: str, text: str, result: Any) -> str:
    """Why an answer cannot be read and what to write instead, or nothing."""
    from pydantic_core import PydanticCustomError

    from okr_reports.okrs.fields import amount, share, whole
    from okr_reports.okrs.models.check_ins import OUTCOMES
    from okr_reports.okrs.words import nearest, shown
    from okr_reports.okrs.yaml_reader import scalar

    try:
        if name in ("confidence", "grade"):
            share(scalar(text))
        elif name == "value":
            amount(scalar(text))
        elif name == "evidence":
            whole(scalar(text))
        elif name == "met":
            _yes_or_no(text)
        elif name == "previous_next" and text not in OUTCOMES:
            return f"{shown(text)} is none of {', '.join(OUTCOMES)}"
        elif name == "done":
            steps = [step.id for step in result.milestones]
            for step in _ids(text) or []:
                if step not in steps:
                    return f"there is no milestone {shown(step)}; {nearest(step, steps)}"
    except PydanticCustomError as refused:
        context = refused.context or {}
        return f"{context['what']}; {context['todo']}"
    except OkrError as refused:
        return str(refused)
    return ""


def _show(snapshot: Path, key_result: str) -> None:
    """The numbers as last published, and the last check-in."""
    if not snapshot.exists():
        click.echo("(no numbers yet: nothing has been published)")
        return
    with open_copy(snapshot) as connection:
        row = connection.execute(
            "select title, status, status_reason, data_through, last_check_in, last_check_in_by, confidence,"
            " last_check_in_next from marts.key_results where key_result_id = ?",
            [key_result],
        ).fetchone()
    if row is None:
        click.echo("(no numbers yet: it is newer than the last refresh)")
        return
    title, status, reason, through, last, author, confidence, planned = row
    click.echo(title)
    click.echo(f"  {status.replace('_', ' ')}: {reason}" + (f" (data through {through})" if through else ""))
    if last:
        sure = "" if confidence is None else f", confidence {confidence:.0%}"
        click.echo(
            f"  last check-in {last} by {author or 'nobody named'}{sure}" + (f"; next: {planned}" if planned else "")
        )


def _author() -> str | None:
    return os.environ.get("GIT_AUTHOR_NAME") or os.environ.get("USER")


def _ids(text: str | None) -> list[str] | None:
    return [part.strip() for part in text.split(",") if part.strip()] if text else None


def _yes_or_no(answer: Any) -> bool | None:
    if answer is None or isinstance(answer, bool):
        return answer
    word = str(answer).strip().lower()
    if word in ("y", "yes", "true", "s", "si", "sí"):
        return True
    if word in ("n", "no", "false"):
        return False
    raise OkrError(f"{answer!r} is neither yes nor no; write yes or no")
