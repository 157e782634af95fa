"""Rows of what people said: check-ins, notes and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.rows.parts import Row, text_columns


def _check_in_ids(definitions: Definitions) -> Iterator[str]:
    """`<key result>/<date>`, and `/2` and so on for further ones of the same day."""
    seen: Counter[str] = Counter()
    for check_in in definitions.check_ins:
        name = f"{check_in.key_result}/{check_in.date}"
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}/{seen[name]}"


def check_ins(definitions: Definitions) -> Iterator[Row]:
    for position, (identifier, check_in) in enumerate(
        zip(_check_in_ids(definitions), definitions.check_ins, strict=True), start=1
    ):
        yield {
            "check_in_id": identifier,
            "position": position,
            "date": check_in.date,
            "key_result_id": check_in.key_result,
            "author": check_in.author,
            "confidence": check_in.confidence,
            "note": check_in.note,
            "next": check_in.next,
            "previous_next": check_in.previous_next,
            "value": check_in.value,
            "met": check_in.met,
            "grade": check_in.grade,
            "evidence": check_in.evidence,
            "path": check_in.place.path,
            "line": check_in.place.line,
        }


def check_in_milestones(definitions: Definitions) -> Iterator[Row]:
    for identifier, check_in in zip(_check_in_ids(definitions), definitions.check_ins, strict=True):
        for milestone in dict.fromkeys(check_in.done):
            yield {"check_in_id": identifier, "milestone_id": milestone}


def notes(definitions: Definitions) -> Iterator[Row]:
    seen: Counter[str] = Counter()
    for note in definitions.notes:
        kind, identifier = note.on
        name = f"{kind}/{identifier}/{note.date}"
        seen[name] += 1
        yield {
            "note_id": name if seen[name] == 1 else f"{name}/{seen[name]}",
            "date": note.date,
            "on_kind": kind,
            "on_id": identifier,
            "text": note.text,
            "path": note.place.path,
            "line": note.place.line,
        }


def events(definitions: Definitions) -> Iterator[Row]:
    for event in definitions.events:
        yield {
            "event_id": event.id,
            **text_columns("title", event.title, definitions.settings.language),
            "start_date": event.start,
            "end_date": event.end,
            "factor": event.factor,
            "path": event.place.path,
            "line": event.place.line,
        }


def event_scopes(definitions: Definitions) -> Iterator[Row]:
    for event in definitions.events:
        for kind, names in (("kpi", event.kpis), ("channel", event.channels)):
            for name in dict.fromkeys(names):
                yield {"event_id": event.id, "on_kind": kind, "on_id": name}


def alerts(definitions: Definitions) -> Iterator[Row]:
    for kpi in definitions.watched:
        yield {"kpi_id": kpi.id, "is_daily": definitions.is_daily(kpi)}


def mutes(definitions: Definitions) -> Iterator[Row]:
    """Of several entries for one KPI the one that mutes longest counts."""
    for kpi in dict.fromkeys(mute.kpi for mute in definitions.mutes):
        days = [mute.until for mute in definitions.mutes if mute.kpi == kpi]
        yield {"kpi_id": kpi, "muted_through": None if None in days else max(day for day in days if day)}


def reopenings(definitions: Definitions) -> Iterator[Row]:
    for position, entry in enumerate(definitions.reopen, start=1):
        yield {
            "position": position,
            "key_result_id": entry.key_result,
            "reopened_on": entry.on,
            "reopened_by": entry.by,
            "reason": entry.reason,
        }
