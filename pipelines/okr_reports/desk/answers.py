"""The fields of the desk's forms become definitions; what cannot be read is said beside its field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from okr_reports.common.typed_numbers import typed_number
from okr_reports.errors import OkrError
from okr_reports.okrs.check_in import write_check_in
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.models.check_ins import Note
from okr_reports.okrs.yaml_reader import Mapping as YamlMapping
from okr_reports.okrs.yaml_reader import read_yaml

Fields = Mapping[str, Sequence[str]]


@dataclass
class Refused(Exception):
    """Answers that were not written: what is wrong by field, '' for the form as a whole."""

    wrong: dict[str, str] = field(default_factory=dict)


def text_of(fields: Fields, name: str) -> str:
    """The only answer of a field, without blanks around it."""
    given = fields.get(name) or [""]
    return given[0].strip()


def check_in(
    folder: Path, definitions: Definitions, key_result: str, fields: Fields, day: date, author: str | None,
    decimal: str, percent: bool, not_a_number: str,
) -> Path:  # fmt: skip
    """Write a check-in of this day; its file. Raises Refused, and then nothing is written."""
    value = text_of(fields, "value")
    number = typed_number(value, decimal, percent) if value else None
    if value and number is None:
        raise Refused({"value": not_a_number})
    confidence, grade, met = text_of(fields, "confidence"), text_of(fields, "grade"), text_of(fields, "met")
    try:
        return write_check_in(
            folder,
            definitions,
            key_result=key_result,
            date=day,
            author=" ".join((author or text_of(fields, "author")).split()) or None,
            confidence=f"{confidence}%" if confidence else None,
            note=text_of(fields, "note") or None,
            next=" ".join(text_of(fields, "next").split()) or None,
            previous_next=text_of(fields, "previous_next") or None,
            value=number,
            done=[step for step in fields.get("done", ()) if step] or None,
            met={"true": True, "false": False}.get(met),
            grade=f"{grade}%" if grade else None,
            evidence=text_of(fields, "evidence") or None,
        )
    except OkrError as error:
        raise Refused({"": str(error)}) from error


def note(folder: Path, definitions: Definitions, fields: Fields, day: date) -> Path:
    """Write a note of this day about something; its file. Raises Refused, and then nothing is written."""
    text, about = text_of(fields, "text"), text_of(fields, "on")
    if not text:
        raise Refused({"text": ""})
    known = {target for target, _ in targets(definitions)}
    if about not in known:
        raise Refused({"on": ""})
    written = f"notes:\n  - date: {day.isoformat()}\n    on: {about}\n    text: {json.dumps(text, ensure_ascii=True)}\n"
    _valid(written)
    notes = folder / "notes"
    notes.mkdir(exist_ok=True)
    stem = f"{day.isoformat()}_{about.replace('/', '_')}"
    for number in range(1, 100):
        path = notes / (f"{stem}.yml" if number == 1 else f"{stem}_{number:02}.yml")
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(written)
            return path
        except FileExistsError:
            continue
    raise Refused({"": f"{notes} holds 99 notes of {day} about {about}; edit one of them instead"})


def _valid(written: str) -> None:
    """Raises Refused for a note that `okr check` would not take."""
    content, found = read_yaml(written.encode("utf-8"), "note")
    if not found and isinstance(content, YamlMapping):
        _, found = read_entry(Note, content["notes"][0], "note", 2)
    if found:
        raise Refused({"text": "; ".join(f"{finding.what} ({finding.todo})" for finding in found)})


def targets(definitions: Definitions) -> list[tuple[str, str]]:
    """What a note may be about: `kpi/leads` and its title."""
    language = definitions.settings.language

    def named(kind: str, entries: Sequence[Any]) -> list[tuple[str, str]]:
        titles = [(entry.id, entry.title.in_language(language) if entry.title else entry.id) for entry in entries]
        return [(f"{kind}/{identifier}", title) for identifier, title in titles]

    results = [result for _, result in definitions.key_results()]
    return [
        *named("key_result", results),
        *named("objective", definitions.objectives),
        *named("kpi", definitions.kpis),
        *named("team", definitions.teams),
    ]
