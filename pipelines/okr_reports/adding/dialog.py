"""Reading a file that nobody has described yet: recognised, read, asked about, and read again with the answers."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from okr_reports.adding.guess import Guess, guess
from okr_reports.adding.measures import to_id
from okr_reports.adding.recognise import Recognised, recognise
from okr_reports.catalogue import is_money
from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.glimpse import Glimpse, glimpses
from okr_reports.channels.files.header_rows import with_year
from okr_reports.channels.files.money import SIGNS
from okr_reports.channels.files.read import read_source
from okr_reports.channels.files.rows import Fault, SourceRows
from okr_reports.errors import OkrError
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.models.file_sources import FileSourceEntry
from okr_reports.okrs.presets import Preset

# question, answers and what each writes into the entry; the first is what is taken with --yes, where there is one
Answer = tuple[str, dict[str, Any]]
_MOST_QUESTIONS = 8
_HEAD = 50
# The key and value that a fault says would settle it.
_DECLARED = re.compile(r"`(\w+): (.+?)`")


@dataclass
class Added:
    """A file that is understood: the entry that reads it, what was read by it, and what was taken for granted. `plan`
    are keys of the entry that reads what it plans, beside this one; `stocks` are measures that are levels."""

    path: Path
    entry: dict[str, Any]
    rows: SourceRows
    glimpse: Glimpse
    header: int
    preset: Preset | None
    why: str
    assumed: list[str] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)
    stocks: list[str] = field(default_factory=list)

    def is_amount(self, measure: str) -> bool:
        """Whether it is one of money, by its name or because the entry says so."""
        held = self.entry.get("measures", {}).get(measure)
        return is_money(measure) or (isinstance(held, dict) and bool(held.get("money")))

    @property
    def currencies(self) -> list[str]:
        """The codes that the file names."""
        found = self.rows.connection.execute("select distinct currency from rows where currency is not null").fetchall()
        return sorted({str(code) for (code,) in found} | set(self.rows.currencies.values()))

    @property
    def facts(self) -> Any:
        return self.rows.files[self.path.name]


def understand(
    path: Path,
    wanted: str | None,
    source_id: str | None,
    today: date,
    reporting: str,
    zone: str,
    ask: Callable[[str, list[str]], int] | None,
    given: Mapping[str, Any] | None = None,
) -> Added:
    """What the file is and the entry that reads it. `ask` puts a question with its answers; None takes what is safe.

    `given` are keys of the entry that are known already.

    Raises OkrError with the reason where it cannot be read.
    """
    given = given or {}
    encoding: str | None = given.get("encoding")
    try:
        with tempfile.TemporaryDirectory(prefix="okr-add-") as scratch:
            found = glimpses(path, encoding, Path(scratch))
    except Refused as error:
        if not any(fault.settles == "encoding" for fault in error.faults) or ask is None:
            raise _unreadable(path, error.faults) from None
        encoding = ["windows-1252", "iso-8859-15", "mac-roman", "cp1251"][
            ask(
                "Which encoding is it in",
                ["Windows-1252 (Western Europe)", "ISO-8859-15", "Mac Roman", "Windows-1251 (Cyrillic)"],
            )
        ]
        with tempfile.TemporaryDirectory(prefix="okr-add-") as scratch:
            found = glimpses(path, encoding, Path(scratch))
    except OSError as error:
        raise OkrError(f"{path} cannot be read ({error.strerror or error}); check its name and rights") from None
    known = recognise(found, wanted)
    doubtful = known is None or (wanted is None and (not known.layout.day_is_given or known.preset.wide))
    guessed = guess(found) if doubtful else None
    if known and guessed:
        # a report by week, one whose column of days its preset does not know, a plan of several measures
        knows_more = guessed.says_day or "pivot" in guessed.entry
        known, guessed = (None, guessed) if knows_more else (known, None)
    if known is None and (guessed is None or wanted is not None):
        raise OkrError(_nothing_found(path, wanted, found))
    if guessed and guessed.trouble and "measures" not in given:
        todo = "name the one that counts: --set 'measures={leads: \"its column\"}'"
        raise OkrError(f"{path.name}: {guessed.trouble}; {todo}")
    entry = {**_first_entry(path, known, guessed, source_id, encoding), **given}
    if guessed and given.keys() & guessed.plan.keys():
        guessed.plan = {}
    return _settle(path, entry, known, guessed, today, reporting, zone, ask)


def _first_entry(
    path: Path, known: Recognised | None, guessed: Guess | None, source_id: str | None, encoding: str | None
) -> dict[str, Any]:
    fallback = to_id(path.name.partition(".")[0]) or "sheet"
    name = source_id or (known.preset.channel if known else fallback)
    entry: dict[str, Any] = {"id": name, "path": path.name, "channel": name}
    if encoding:
        entry["encoding"] = encoding
    sheet = known.glimpse if known else guessed.glimpse if guessed else None
    if known:
        entry["preset"] = known.preset.id
    if sheet is not None and sheet.sheet:
        entry["sheet"] = sheet.sheet
    return {**entry, **(guessed.entry if guessed else {})}


def _settle(
    path: Path,
    entry: dict[str, Any],
    known: Recognised | None,
    guessed: Guess | None,
    today: date,
    reporting: str,
    zone: str,
    ask: Any,
) -> Added:
    assumed: list[str] = []
    for _ in range(_MOST_QUESTIONS):
        model, mistakes = read_entry(FileSourceEntry, entry, path.name, 1)
        if model is None:
            raise OkrError("; ".join(f"{mistake.what} ({mistake.todo})" for mistake in mistakes))
        source = model.to_file_source(path.parent, (path.parent,))
        with ExitStack() as opened:
            rows = opened.enter_context(read_source(source, {path.name: path}, today, reporting, quick=False))
            faults = rows.faults.get(path.name)
            if not faults:
                glimpse = known.glimpse if known else guessed.glimpse  # type: ignore[union-attr]
                header = known.layout.line if known else guessed.header  # type: ignore[union-attr]
                why = (
                    f"{known.preset.title} ({known.why})"
                    if known
                    else "a table of its own (no vendor's export is known by these columns)"
                )
                added = Added(
                    path,
                    entry,
                    rows,
                    glimpse,
                    header,
                    known.preset if known else None,
                    why,
                    [*(guessed.assumed if guessed else []), *assumed],
                    guessed.plan if guessed else {},
                    guessed.stocks if guessed else [],
                )
                _ask_the_rest(added, reporting, ask)
                opened.pop_all()
                return added
        entry = _corrected(path, entry, faults, assumed, ask, zone, _years(source.wide or "", today))
    raise _unreadable(path, faults or [])


def _corrected(
    path: Path, entry: dict[str, Any], faults: list[Fault], assumed: list[str], ask: Any, zone: str, years: list[Answer]
) -> dict[str, Any]:
    """The entry with an answer to the first fault that an answer settles. Raises OkrError where none does."""
    for fault in faults:
        answers = _answers_to(fault, zone)
        if fault.settles == "wide":
            answers = years
        if fault.settles == "end_date":
            column = fault.todo.partition("end_date: ")[2].partition("`")[0]
            answers = [(f"spread each row over its days, up to {column}", {"end_date": column})]
        if not answers or (fault.settles in entry and fault.settles != "wide"):
            continue
        safe = (fault.settles in _SAFE and (fault.settles != "currency" or "auto" in fault.todo)) or (
            fault.settles == "date_format" and len(answers) == 1
        )
        if ask is not None:
            chosen = answers[ask(f"{fault}. What is right?", [text for text, _ in answers])]
        elif safe and (fault.settles != "totals" or "not" not in fault.what.rpartition(";")[2]):
            chosen = answers[0]
            assumed.append(f"{chosen[0]} ({fault.what})")
        else:
            continue
        return {**entry, **chosen[1]}
    raise _unreadable(path, faults)


def _years(form: str, today: date) -> list[Answer]:
    years = (today.year, today.year - 1, today.year + 1)
    return [(f"it is of {year}", {"wide": {"dates": with_year(form, year)}}) for year in years]


_ANSWERS: dict[str, list[Answer]] = {
    "numbers": [
        ("1.234 is one thousand and more: a comma before decimals", {"numbers": {"decimal": ","}}),
        ("1.234 is one and a fraction: a point before decimals", {"numbers": {"decimal": "."}}),
    ],
    "totals": [("leave such rows out as totals", {"totals": "skip"}), ("they count", {"totals": "keep"})],
    "currency": [("take the currency that the file names", {"currency": "auto"})],
}
# What an answer without asking can do no harm with: the file itself says it, or what was read proves it.
_SAFE = ("totals", "currency")
_LAST_DAY = date(2026, 9, 30)


def _answers_to(fault: Fault, zone: str) -> list[Answer]:
    key = fault.settles
    if key == "date_format":
        return [
            (f"{'day' if form.startswith('%d') else 'month'} first, as in {_LAST_DAY.strftime(form)}", {key: form})
            for form in re.findall(r'"(%[^"]+)"', fault.todo)
        ]
    if key == "currency" and "auto" not in fault.todo:
        mark = next((codes for sign, codes in SIGNS.items() if f" {sign} " in fault.what), ())
        return [(f"amounts are in {code}", {key: code}) for code in mark]
    if key != "timezone":
        return _ANSWERS.get(key, [])
    own = [] if zone == "UTC" else [(f"turn them into days of {zone}, the reporting zone", {"timezone": zone})]
    return [*own, ("take the days as they are, in UTC", {"timezone": "UTC"})]


def _ask_the_rest(added: Added, reporting: str, ask: Any) -> None:
    """The currency, where the file names none: the reporting currency is what it would be taken for."""
    has_money = any(map(added.is_amount, added.facts.measures))
    if not has_money or "currency" in added.entry or added.currencies:
        return
    if ask is None:
        added.assumed.append(f"amounts are in {reporting}, the reporting currency: the file names none")
        return
    code = _prompt("The file names no currency. Its amounts are in", reporting)
    added.entry["currency"] = code.upper()


def _prompt(question: str, default: str) -> str:
    import click

    return str(click.prompt(question, default=default)).strip()


def choose(question: str, answers: list[str]) -> int:
    """Put a question at the terminal; the number of the answer."""
    import click

    click.echo(question)
    for at, answer in enumerate(answers, start=1):
        click.echo(f"  {at}. {answer}")
    return int(click.prompt("Number", type=click.IntRange(1, len(answers)), default=1)) - 1


def somebody_is_there() -> bool:
    return sys.stdin.isatty()


def _unreadable(path: Path, faults: list[Fault]) -> OkrError:
    from okr_reports.errors import plain_text

    lines = [plain_text(f"{path.name}: {fault}; {fault.todo}") for fault in faults]
    known = next((found for fault in faults if fault.settles and (found := _DECLARED.search(fault.todo))), None)
    if known is not None:
        lines.append(f"to say it here: okr add {path.name} --set '{known[1]}={known[2]}', or answer without --yes")
    return OkrError("\n".join(lines) or f"{path.name}: cannot be read; export it again")


def _nothing_found(path: Path, wanted: str | None, found: list[Glimpse]) -> str:
    if found and all(sum(map(any, (cells for _, _, cells in glimpse.records))) == 1 for glimpse in found):
        return f"{path.name}: has a header and no rows below it; export it again, for days that have data"
    rows = [cells for glimpse in found for _, _, cells in glimpse.records[:_HEAD] if sum(map(bool, cells)) > 1]
    first = max(rows, key=lambda cells: sum(map(bool, cells)), default=[])
    there = f"; its first row of columns is {', '.join(cell for cell in first if cell)[:200]}" if first else ""
    if wanted is not None:
        return f"{path.name}: has not the columns of the preset {wanted}{there}; leave --preset out to have it guessed"
    return f"{path.name}: no table with a column of days was found{there}; add a header line with a column of dates"
