"""Answers of forms become check-ins. A row that cannot be one is a finding, and the others count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from okr_reports.common.form_answers import Answer, AnswersReader, FormFile, share_of
from okr_reports.errors import Finding, shown_path
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.findings import advice
from okr_reports.okrs.lints.check_ins import answers as lint_answer
from okr_reports.okrs.lints.check_ins import value_key
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.shapes import KeyResult, Steps
from okr_reports.okrs.words import nearest, shown
from okr_reports.okrs.yaml_reader import Mapping, Sequence, scalar

# Of one file; what is wrong with more answers is one thing, said often enough.
_MOST_FINDINGS = 20
_YES = {"yes", "y", "true", "x", "sí", "si", "ja", "oui", "sim", "sì", "✓", "done", "1"}
_NO = {"no", "n", "false", "nein", "non", "não", "nao", "nee", "✗", "0"}

Scored = tuple[Objective, KeyResult]


def read_answers(
    definitions: Definitions, reader: AnswersReader, today: date, incomplete: bool
) -> tuple[list[CheckIn], list[Finding]]:
    """The check-ins of every form, and a warning for each answer that is none.

    With `incomplete` definitions an unknown key result may be one of those that could not be read, and is not said.
    """
    check_ins: list[CheckIn] = []
    findings: list[Finding] = []
    names = _Names(definitions)
    for source in definitions.check_in_sources:
        for form in reader(source, today):
            made = list(_of_file(form, names, incomplete))
            check_ins += [entry for entry in made if isinstance(entry, CheckIn)]
            said = [entry for entry in made if isinstance(entry, Finding)]
            findings += said[:_MOST_FINDINGS]
            if len(said) > _MOST_FINDINGS:
                line, more = said[_MOST_FINDINGS].line, len(said) - _MOST_FINDINGS
                what = f"{more} more answers of this form have mistakes"
                findings.append(advice(str(shown_path(form.path)), line, what, "correct those above first"))
    return check_ins, findings


def _of_file(form: FormFile, names: _Names, incomplete: bool) -> Iterator[CheckIn | Finding]:
    path = str(shown_path(form.path))
    for trouble in form.troubles:
        yield advice(path, trouble.line, trouble.what, trouble.todo)
    for answer in form.answers:
        found = names.find(answer.cells["key_result"], answer.day)
        if isinstance(found, tuple):
            yield from _check_in(path, answer, found[1])
        elif not incomplete:
            yield advice(path, answer.line, found.what, found.todo)


class _Names:
    """Key results by what a form may call them: their id, or their title in any language."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.by_id = definitions.key_result_by_id
        self.by_title: dict[str, list[Scored]] = {}
        for objective, result in definitions.key_results():
            texts = [result.title.plain or "", *(text for _, text in result.title.by_language)]
            for text in dict.fromkeys(map(_folded, texts)):
                if text:
                    self.by_title.setdefault(text, []).append((objective, result))

    def find(self, text: str, day: date) -> Scored | Finding:
        """The key result that is meant; of several with one title that whose period the day is in."""
        if text in self.by_id:
            return self.by_id[text]
        found = self.by_title.get(_folded(text), [])
        running = [pair for pair in found if self._runs(pair[0], day)] if len(found) > 1 else found
        if len(running) == 1:
            return running[0]
        if not text:
            return advice("", 1, "the answer names no key result", "choose one in the form")
        if len(found) > 1:
            what = f"{len(found)} key results are called {shown(text)}"
            return advice(
                "", 1, what, "let the form offer their ids: " + ", ".join(result.id for _, result in found[:5])
            )
        return advice("", 1, f"the key result {shown(text)} does not exist", nearest(text, self.by_id))

    def _runs(self, objective: Objective, day: date) -> bool:
        span = self.definitions.span(objective.period)
        return span is not None and span.start <= day <= span.end


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _check_in(path: str, answer: Answer, result: KeyResult) -> Iterator[CheckIn | Finding]:
    entry = Mapping(path, answer.line)
    entry |= {"date": str(answer.day), "key_result": result.id}
    texts = {role: answer.cells.get(role, "") for role in ("author", "note", "next")}
    entry |= {
        role: (" ".join(text.split()) if role == "author" else text.replace("\r\n", "\n").replace("\r", "\n"))
        for role, text in texts.items()
        if text.strip()
    }
    if answer.confidence is not None:
        entry["confidence"] = answer.confidence
    if answer.cells.get("value"):
        key, value, wrong = _value(answer, result)
        if wrong:
            what, todo = wrong
            yield advice(path, answer.line, f"value {shown(answer.cells['value'])}: {what}; it is left out", todo)
        else:
            entry[key] = value
    entry.lines = dict.fromkeys(entry, answer.line)
    check_in, findings = read_entry(CheckIn, entry, path, answer.line)
    findings = findings or (list(lint_answer(check_in, result)) if check_in else [])
    yield from (
        advice(path, answer.line, f"{finding.what}, so the answer is left out", finding.todo) for finding in findings
    )
    if check_in is not None and not findings:
        yield check_in


def _value(answer: Answer, result: KeyResult) -> tuple[str, Any, tuple[str, str] | None]:
    """The key and value that the answer is for this key result, or what is wrong with it."""
    text, key = answer.cells["value"].strip(), value_key(result) or ""
    if key == "met":
        word = text.casefold()
        is_known = word in _YES | _NO
        return key, word in _YES, None if is_known else (f"{shown(result.id)} is met or not", "write yes or no")
    if key == "grade":
        share = share_of(text)
        return key, share, None if share is not None else ("is no grade from 0 to 1", "write it as 0.6 or 60 %")
    if key == "done" and isinstance(result, Steps):
        return _steps(text, result, answer.line)
    if key == "value":
        number: Any = None if answer.number is None else scalar(answer.number)
        return key, number, None if number is not None else ("is no number", "write it as 1234.5")
    return "", None, (f"{shown(result.id)} takes its value from its KPI", "leave the value empty in the form")


def _steps(text: str, result: Steps, line: int) -> tuple[str, Any, tuple[str, str] | None]:
    """Milestones by id or title; a form that lets several be ticked puts commas between them."""
    known = {_folded(name): step.id for step in result.milestones for name in _names_of(step)}
    done = Sequence(line)
    rest = _folded(text)
    # titles may hold commas: the longest name that begins the rest is taken
    while rest:
        name = next((title for title in sorted(known, key=len, reverse=True) if _begins(rest, title)), None)
        if name is None:
            return (
                "",
                None,
                (
                    f"{shown(rest)} is no milestone of it",
                    nearest(rest, [milestone.id for milestone in result.milestones]),
                ),
            )
        done.append(known[name])
        rest = rest[len(name) :].lstrip(" ,;\n")
    done.lines = [line] * len(done)
    return "done", done, None


def _begins(rest: str, name: str) -> bool:
    return rest.startswith(name) and (rest[len(name) :].lstrip()[:1] in ("", ",", ";"))


def _names_of(step: Any) -> Iterable[str]:
    yield step.id
    if step.title is not None:
        yield from [step.title.plain] if step.title.plain else [text for _, text in step.title.by_language]


__all__ = ["read_answers"]
