"""`okr add --okrs FILE`: a sheet of OKRs becomes definitions that pass `okr check`; what has no place is listed.

A workbook of `okr export --okrs` is read as it was written: what is there already and equal is no change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from okr_reports import okrs
from okr_reports.adding.okr_export import OBJECTIVE, OKRS, PERIODS, TEAMS, is_export, read_export
from okr_reports.adding.okr_sheet import CONSTANTS, Drafts, SheetReader, check_columns, columns_of, score
from okr_reports.adding.okr_table import Table, read_tables
from okr_reports.adding.okr_words import COLUMNS
from okr_reports.errors import Finding, OkrError, shown_path
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.words import plain
from okr_reports.okrs.written import entry_of, flow

FOLDER = "objectives"
_HEADER = "# yaml-language-server: $schema=../okr.schema.json\n"
# A definitions file holds at most 256 kB.
_LARGEST = 200_000
_MOST_CORRECTIONS = 200

Chooser = Callable[[str, list[str]], int]


def add_okrs(definitions_dir: Path, file: Path, given: Sequence[str], ask: Chooser | None) -> dict[str, Any]:
    """Read the sheet, write what can be placed; what was done, as JSON.

    Raises OkrError, and leaves nothing, where the file cannot be read or nothing of it can be placed.
    """
    if not file.is_file():
        raise OkrError(f"there is no file {file}; check its name")
    said = _pairs(given)
    before = _errors(definitions_dir)
    if before:
        raise OkrError(f"{before[0]}; correct the definitions first (`okr check`)")
    defined = okrs.read(definitions_dir)
    if read_tables(file, is_export):
        drafts, unchanged, sheet = *_of_export(file, defined), OKRS
    else:
        table = _table(file, said, ask)
        drafts, unchanged, sheet = SheetReader(table, defined, said).read(), 0, table.sheet
    written = _write(definitions_dir, file, drafts)
    if not written and not unchanged:
        raise OkrError("\n".join([f"{file.name}: nothing of it could be placed", *drafts.not_placed]))
    return {
        "file": file.name,
        "sheet": sheet or None,
        "objectives": len(drafts.objectives),
        "key_results": sum(len(entry["key_results"]) for _, entry in drafts.objectives),
        "unchanged": unchanged,
        "teams": [str(team["id"]) for team in drafts.teams],
        "not_placed": drafts.not_placed,
        "assumed": drafts.assumed,
        "written": [str(shown_path(path)) for path in written],
        "next": "okr check" if written else None,
    }


def lines(added: Mapping[str, Any]) -> list[str]:
    """For the terminal."""
    found = [f"{added['file']}: {added['objectives']} objectives, {added['key_results']} key results"]
    if added["unchanged"]:
        found[0] += f"; {added['unchanged']} objectives are there already, unchanged"
    found += [f"  assumed     {sentence}" for sentence in added["assumed"]]
    found += [f"  not placed  {sentence}" for sentence in added["not_placed"]]
    found += [f"{path}: written" for path in added["written"]]
    if added["next"]:
        found.append("next: okr check, then okr refresh; values by check-in: okr check-in KEY_RESULT")
    return found


def _pairs(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in given:
        role, equals, name = pair.partition("=")
        if not equals or role not in COLUMNS:
            raise OkrError(f"--set {pair!r}: use one of {', '.join(COLUMNS)}, as in --set period=2026-Q4")
        found[role] = name.strip()
    return found


def _table(file: Path, said: dict[str, str], ask: Chooser | None) -> Table:
    named = {role: name for role, name in said.items() if role not in CONSTANTS}

    def scored(header: Sequence[str]) -> int:
        columns = columns_of(header, named)
        return len(columns) + 1 if {"objective", "key_result"} <= columns.keys() else 0

    tables = read_tables(file, scored if named else score) or read_tables(file, _any_columns)
    if not tables:
        raise OkrError(f"{file.name}: holds no table; give it a header with the columns Objective and Key result")
    table = tables[0]
    for role in ("objective", "key_result") if ask else ():
        if role not in columns_of(table.header, said):
            cells = [cell for cell in table.header if cell]
            said[role] = cells[ask(f"Which column holds the {role.replace('_', ' ')}s", cells)]  # type: ignore[misc]
    check_columns(columns_of(table.header, said), table, file.name)
    return table


def _any_columns(header: Sequence[str]) -> int:
    return len(header) if sum(map(bool, header)) > 1 else 0


def _of_export(file: Path, defined: Definitions) -> tuple[Drafts, int]:
    """What an exported workbook has that is not there yet; how many of its objectives are there and equal."""
    held = read_export(file)
    drafts = Drafts()
    every: dict[str, tuple[int, dict[str, Any]]] = {}
    for line, row in held[OKRS]:
        entry = {key.removeprefix(OBJECTIVE): value for key, value in row.items() if key.startswith(OBJECTIVE)}
        result = {key: value for key, value in row.items() if not key.startswith(OBJECTIVE)}
        _, objective = every.setdefault(str(entry.get("id")), (line, {**entry, "key_results": []}))
        if result:
            objective["key_results"].append((line, result))
    unchanged = 0
    for name, (line, entry) in every.items():
        known = defined.objective_by_id.get(name)
        if known is None:
            drafts.objectives.append((line, entry))
        elif _plain(entry) == _plain({"key_results": [], **entry_of(known)}):
            unchanged += 1
        else:
            place = f"{known.place.path}:{known.place.line}"
            drafts.not_placed.append(f"row {line}: objective {name!r} is another one at {place}; change it there")
    for kind, known_ids, into in (
        (TEAMS, {team.id for team in defined.teams}, drafts.teams),
        (PERIODS, {period.id for period in defined.periods}, drafts.periods),
    ):
        into += [row for _, row in held[kind] if row.get("id") not in known_ids]
    return drafts, unchanged


def _plain(entry: Mapping[str, Any]) -> str:
    results = [numbered[1] if isinstance(numbered, tuple) else numbered for numbered in entry["key_results"]]
    return flow(_canonical({**entry, "key_results": results}))


def _canonical(value: Any) -> Any:
    """In one order of keys; 5, 5.0 and 5.00 are one number."""
    if isinstance(value, Mapping):
        return {key: _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_canonical(part) for part in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return plain(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    return value


def _write(definitions_dir: Path, file: Path, drafts: Drafts) -> list[Path]:
    """The files written; entries that `okr check` refuses are taken out of `drafts` and listed."""
    from okr_reports.adding.measures import to_id

    stem = to_id(file.name.partition(".")[0]) or "okrs"
    written: list[Path] = []
    try:
        for _ in range(_MOST_CORRECTIONS):
            rendered = _render(drafts)
            for path in written:
                path.unlink(missing_ok=True)
            written = []
            for at, (text, _) in enumerate(rendered):
                path = _free_path(definitions_dir / FOLDER, stem if not at else f"{stem}_{at + 1}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_HEADER + text, encoding="utf-8")
                written.append(path)
            found = _errors(definitions_dir)
            if not found:
                return written
            _take_out(drafts, found, written, rendered)
        raise OkrError(f"{file.name}: too many mistakes; the first: {found[0]}")
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


Owner = tuple[int, int | None]


def _render(drafts: Drafts) -> list[tuple[str, dict[int, Owner]]]:
    """Texts of files, each with the objective (and key result) that stands on a line."""
    head = ""
    for name, entries in (("periods", drafts.periods), ("teams", drafts.teams)):
        if entries and drafts.objectives:
            head += f"{name}:\n" + "".join(f"  - {flow(entry)}\n" for entry in entries)
    files: list[tuple[str, dict[int, Owner]]] = []
    text, owners = head, dict[int, Owner]()
    for at, (_, entry) in enumerate(drafts.objectives):
        if "objectives:\n" not in text:
            text += "objectives:\n"
        for number, (key, value) in enumerate((key, entry[key]) for key in entry if key != "key_results"):
            # the first line of a file is its header
            owners[text.count("\n") + 2] = (at, None)
            text += f"  {' ' if number else '-'} {key}: {flow(value)}\n"
        text += "    key_results:\n" if entry["key_results"] else ""
        for number, (_, result) in enumerate(entry["key_results"]):
            owners[text.count("\n") + 2] = (at, number)
            text += f"      - {flow(result)}\n"
        if len(text.encode()) > _LARGEST:
            files.append((text, owners))
            text, owners = "", {}
    return [*files, (text, owners)] if owners else files


def _take_out(
    drafts: Drafts, found: Sequence[Finding], written: Sequence[Path], rendered: Sequence[tuple[str, dict[int, Owner]]]
) -> None:
    """Remove what the findings name; an objective's own mistake removes it whole. Raises OkrError for others."""
    where = {str(shown_path(path)): owners for path, (_, owners) in zip(written, rendered, strict=True)}
    gone: dict[Owner, Finding] = {}
    for finding in found:
        owner = where.get(finding.path, {}).get(finding.line)
        if owner is None:
            raise OkrError(str(finding))
        gone.setdefault(owner, finding)
    # from the end, so that places stay what they are
    for at, number in sorted(gone, key=lambda place: (place[0], -1 if place[1] is None else place[1]), reverse=True):
        finding, (line, entry) = gone[at, number], drafts.objectives[at]
        title = entry["title"]
        if number is None:
            del drafts.objectives[at]
        else:
            line, result = entry["key_results"].pop(number)
            title = result.get("title")
        drafts.not_placed.append(f"row {line}: {title!r}: {finding.what}; {finding.todo}")


def _errors(definitions_dir: Path) -> list[Finding]:
    return [finding for finding in okrs.check(definitions_dir)[1] if finding.severity == "error"]


def _free_path(folder: Path, stem: str) -> Path:
    names = [stem, *(f"{stem}_{number}" for number in range(2, 1_000))]
    return next(folder / f"{name}.yml" for name in names if not (folder / f"{name}.yml").exists())
