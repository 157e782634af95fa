"""The library part of `okr check-in`: one check-in becomes one new file under `okr_definitions/check_ins/`."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from datetime import date as Date
from decimal import Decimal
from pathlib import Path

from okr_reports.errors import Finding, OkrError, shown_path
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.lints.check_ins import answers
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.okrs.words import nearest, shown
from okr_reports.okrs.written import quoted
from okr_reports.okrs.yaml_reader import Mapping, read_yaml, scalar

FOLDER = "check_ins"
HEADER = "# yaml-language-server: $schema=../okr.schema.json\n"
# More on one day is a mistake of a script, not of a person.
MAX_FILES_A_DAY = 99

Number = str | int | float | Decimal
Answer = Number | bool | AnySequence[str] | None


def write_check_in(
    definitions_dir: Path,
    definitions: Definitions,
    *,
    key_result: str,
    date: Date,
    author: str | None,
    confidence: Number | None,
    note: str | None,
    next: str | None,
    previous_next: str | None = None,
    value: Number | None = None,
    done: AnySequence[str] | None = None,
    met: bool | None = None,
    grade: Number | None = None,
    evidence: Number | None = None,
) -> Path:
    """Write the check-in to a file of its own and return its path; no file that exists is touched.

    Numbers may be texts as a person types them (`3.5`, `70%`). Raises OkrError, and writes nothing, if the key result
    does not exist, if its type does not take the answer, or if another check-in of the day would outrank this one.
    """
    given: dict[str, Answer] = {
        "date": date.isoformat(), "key_result": key_result, "author": author, "confidence": confidence, "note": note,
        "next": next, "previous_next": previous_next, "value": value, "done": done, "met": met, "grade": grade,
        "evidence": evidence,
    }  # fmt: skip
    known = definitions.key_result_by_id
    if key_result not in known:
        raise OkrError(f"the key result {shown(key_result)} does not exist; {nearest(key_result, known)}")
    tidied = {key: _tidied(answer) for key, answer in given.items()}
    text = _as_yaml({key: answer for key, answer in tidied.items() if answer not in (None, "", [], ())})
    path = _new_path(definitions_dir, f"{date.isoformat()}_{key_result}")
    check_in = _checked(text, path)
    _refuse_all(list(answers(check_in, known[key_result][1])))
    _refuse_outranked(definitions, check_in, path)
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def _tidied(answer: Answer) -> Answer:
    """What was typed, without blanks around it and without the line ends of Windows."""
    return answer.replace("\r\n", "\n").strip() if isinstance(answer, str) else answer


def _as_yaml(answers_given: AnyMapping[str, Answer]) -> str:
    lines = [f"    {key}: {_scalar_text(key, answer)}" for key, answer in answers_given.items()]
    lines[0] = "  - " + lines[0].lstrip()
    return HEADER + "check_ins:\n" + "\n".join(lines) + "\n"


def _scalar_text(key: str, answer: Answer) -> str:
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if key in ("date", "key_result", "previous_next"):
        return str(answer)
    if key == "done" and isinstance(answer, list | tuple):
        return "[" + ", ".join(quoted(str(step)) for step in answer) + "]"
    if key in ("confidence", "value", "grade", "evidence"):
        text = str(answer).strip()
        is_number = not isinstance(scalar(text), str | bool | None) or text.removesuffix("%").strip().isdecimal()
        return text if is_number else quoted(text)
    return quoted(str(answer))


def _new_path(definitions_dir: Path, stem: str) -> Path:
    """A name not taken yet; further ones of a day sort after the first, so the last one written counts."""
    folder = definitions_dir / FOLDER
    for number in range(1, MAX_FILES_A_DAY + 1):
        path = folder / (f"{stem}.yml" if number == 1 else f"{stem}_{number:02}.yml")
        if not path.exists() and not path.is_symlink():
            return path
    raise OkrError(f"{folder} holds {MAX_FILES_A_DAY} check-ins {shown(stem)}; edit one of them instead")


def _checked(text: str, path: Path) -> CheckIn:
    """The check-in as it will be read again from the file."""
    content, findings = read_yaml(text.encode("utf-8", "surrogatepass"), str(shown_path(path)))
    _refuse_all(findings)
    assert isinstance(content, Mapping)
    check_in, findings = read_entry(CheckIn, content["check_ins"][0], str(shown_path(path)), 3)
    _refuse_all(findings)
    assert check_in is not None
    return check_in


def _refuse_all(findings: AnySequence[Finding]) -> None:
    if findings:
        reasons = "; ".join(f"{finding.what} ({finding.todo})" for finding in findings)
        raise OkrError(f"the check-in was not written: {reasons}")


def _refuse_outranked(definitions: Definitions, check_in: CheckIn, path: Path) -> None:
    """Of two check-ins of one day the one whose file sorts later counts; it must be the new one."""
    for other in definitions.check_ins:
        same = (other.key_result, other.date) == (check_in.key_result, check_in.date)
        if same and Path(other.place.path) > shown_path(path):
            where = f"{other.place.path}:{other.place.line}"
            raise OkrError(f"a check-in of {other.date} stands at {where} and would count instead; change it there")
