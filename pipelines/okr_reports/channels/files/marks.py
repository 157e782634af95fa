"""The one decimal mark of a file: from the mapped columns, then rates and averages, then what counts wholes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from okr_reports.channels.files import amounts
from okr_reports.channels.files.names import COUNTS, is_rate, plain, spaced

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing


def decide_mark(typing: Typing, texts: Iterable[str]) -> str | None:
    """ "." or ",", None where it matters to no cell or a fault says that it cannot be known."""
    if typing.source.decimal is not None or typing.source.group is not None:
        return typing.source.decimal or ("," if typing.source.group == "." else ".")
    found: dict[str, str] = {str(mark): text for mark, text in amounts.marks_of(sorted(texts)).items()}
    if "." in found and "," in found:
        lines = [place for mark in (".", ",") for place in _places(typing, {found[mark]})[:1]]
        what = "the file writes decimals with a point in one place and with a comma in another"
        typing.fault(what, 'declare `numbers: {decimal: ",", group: "."}`, or correct one of them', lines, "numbers")
        return None
    if "?" not in found or "." in found or "," in found:
        return "," if "," in found else "."
    return _from_other_columns(typing) or _from_counts(typing) or _refuse(typing, texts)


def _refuse(typing: Typing, texts: Iterable[str]) -> str | None:
    doubtful = {text for text in texts if amounts.mark_of(text) == "?"}
    places = _places(typing, doubtful)
    if places and _none_counts(typing, doubtful):
        return "."
    what = "1.234 may be a thousand and more, or one and a fraction; nothing in the file says which (so may 1,234)"
    todo = 'declare `numbers: {decimal: "."}` or `numbers: {decimal: ","}`'
    typing.fault(what, todo, places, "numbers")
    return None


def _none_counts(typing: Typing, doubtful: set[str]) -> bool:
    """Whether no row that counts holds one of these."""
    some = " or ".join(f"list_contains($texts, {column})" for column, _, _ in typing.value_columns())
    return not typing.run(f"select 1 from good where ({some}) limit 1", {"texts": sorted(doubtful)})


def _places(typing: Typing, texts: set[str]) -> list[tuple[int, str]]:
    """The first line of each text, in order."""
    found: list[tuple[int, str]] = []
    for column, _, _ in typing.value_columns():
        sql = f"select line, {column} from base where counts and list_contains($texts, {column}) order by line"
        found += [(line, text) for line, text in typing.run(sql, {"texts": sorted(texts)})]
    return sorted(dict.fromkeys(found))


def _from_other_columns(typing: Typing) -> str | None:
    """Columns that nobody asked for may settle what the others leave open, rates and averages first, if they agree."""
    mapped = {place for _, _, place in typing.value_columns()}
    others = [at for at in range(len(typing.layout.names)) if at not in typing.layout.wanted | mapped]
    rates = [at for at in others if is_rate(typing.layout.names[at])]
    for group in (rates, [at for at in others if at not in rates]):
        seen: set[str] = set()
        for at in group:
            rows = typing.run(f"select distinct cell(c{at}) from cells where cell(c{at}) is not null limit 20000")
            texts = [text for (text,) in rows]
            numbers = [text for text in texts if text.startswith(amounts.NATIVE) or amounts.take_apart(text)]
            if len(numbers) < len(texts):
                continue  # names, dates
            seen |= {mark for mark in amounts.marks_of(texts) if mark in (".", ",")}
        if len(seen) == 1:
            (mark,) = seen
            typing.said.append(f"decimal {'point' if mark == '.' else 'comma'}, as in other columns of the file")
            return mark
    return None


def _from_counts(typing: Typing) -> str | None:
    """Impressions and clicks are no fractions: 1.204 of them is 1204."""
    marks: set[str] = set()
    for column, name, place in typing.value_columns():
        if name not in COUNTS and plain(spaced(typing.layout.names[place])) not in COUNTS:
            continue
        rows = typing.run(f"select distinct {column} from base where counts and {column} is not null")
        marks |= {"," if "." in text else "." for (text,) in rows if amounts.mark_of(text) == "?"}
    return marks.pop() if len(marks) == 1 else None
