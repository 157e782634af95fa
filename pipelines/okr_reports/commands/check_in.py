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
    from okr_reports.okrs.definitions import Definitions

QUESTIONS = {
    "confidence": "How sure are you that it will be reached (0 to 1, or 70%)",
    "value": "The value now",
    "done": "Milestones done by now (their ids, with commas)",
    "met": "Is it met (yes or no)",
    "grade": "Grade (0 to 1)",
    "note": "What happened",
    "next": "What is next",
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
        for name in _asked(result):
            if answers.get(name) is None:
                answers[name] = _ask(name, result, _said_last(defined, key_result, name))
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


def _asked(result: Any) -> list[str]:
    """The questions for this key result, in order."""
    from okr_reports.okrs.lints.check_ins import value_key

    answer = value_key(result)
    return ["confidence", *([answer] if answer else []), "note", "next"]


def _said_last(defined: Definitions, key_result: str, name: str) -> str:
    """What the last check-in that says it said, to be confirmed with the Enter key; words are never repeated."""
    if name not in ("confidence", "value", "met", "grade"):
        return ""
    told = sorted((one for one in defined.check_ins if one.key_result == key_result), key=lambda one: one.date)
    answers = [answer for one in told if (answer := getattr(one, name)) is not None]
    if not answers:
        return ""
    return ("yes" if answers[-1] else "no") if name == "met" else f"{answers[-1]}"


def _ask(name: str, result: Any, before: str) -> str | None:
    """One question, asked again until its answer can be read; Enter takes what was said before, or says nothing."""
    question = QUESTIONS[name]
    if name == "done":
        question += ": " + ", ".join(step.id for step in result.milestones)

    def readable(text: str) -> str:
        fault = _fault(name, text, result) if text else ""
        if fault:
            raise click.BadParameter(fault)
        return text

    return click.prompt(question, default=before, show_default=bool(before), value_proc=readable) or None


def _fault(name: str, text: str, result: Any) -> str:
    """Why an answer cannot be read and what to write instead, or nothing."""
    from pydantic_core import PydanticCustomError

    from okr_reports.okrs.fields import amount, share
    from okr_reports.okrs.words import nearest, shown
    from okr_reports.okrs.yaml_reader import scalar

    try:
        if name in ("confidence", "grade"):
            share(scalar(text))
        elif name == "value":
            amount(scalar(text))
        elif name == "met":
            _yes_or_no(text)
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
