"""What people say on a day: check-ins about a key result, notes about anything."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from okr_reports.okrs.fields import Amount, Day, Flag, Id, Line, Paragraphs, Share, Whole, choice, refuse
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown

OUTCOMES = ("done", "open", "dropped")
NOTE_KINDS = ("kpi", "key_result", "objective", "channel", "team")


class CheckIn(Located):
    """What a person says about a key result on a day. `previous_next`: what became of the last one's next step."""

    date: Day
    key_result: Id
    author: Line | None = None
    confidence: Share | None = None
    note: Paragraphs | None = None
    next: Paragraphs | None = None
    previous_next: Annotated[str, *choice(*OUTCOMES)] | None = None
    value: Amount | None = None
    done: list[Id] = Field(default_factory=list)
    met: Flag | None = None
    grade: Share | None = None
    # How many of the cases that the key result asks for it rests on, in total.
    evidence: Whole | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        words = (self.confidence, self.note, self.next, self.previous_next)
        said = (*words, self.value, self.met, self.grade, self.evidence, self.done or None)
        if all(part is None for part in said):
            raise refuse("the check-in says nothing", "add confidence, note, next, or the value")
        return self


class Reopening(Located):
    """Who had a closed key result closed anew, when and why. The result before it stays beside the new one."""

    key_result: Id
    on: Day
    by: Line
    reason: Line


def _target_of_note(value: Any) -> tuple[str, str]:
    kind, slash, identifier = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not slash or kind not in NOTE_KINDS or not identifier:
        raise refuse(
            f"{shown(value)} does not say what the note is about",
            "write on: kpi/linkedin_leads, or " + ", ".join(f"{kind}/..." for kind in NOTE_KINDS if kind != "kpi"),
        )
    return kind, identifier


class Note(Located):
    """Something that happened on a day and explains a number."""

    date: Day
    on: Annotated[
        tuple[str, str],
        PlainValidator(_target_of_note),
        WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(NOTE_KINDS)})/[a-z][a-z0-9_]*$"}),
    ]
    text: Paragraphs
