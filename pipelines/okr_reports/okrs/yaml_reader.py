"""YAML as data and nothing else: plain mappings, lists and scalars, each with the line it stands on.

Scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema): `no` is a word, `012` is
12, `12:30` is text, `1e3` a number. Aliases, anchors, tags, duplicate keys, several documents in one file, more than
20 levels and more than 256 kB are refused. Numbers with a fraction or an exponent become exact decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import yaml

from okr_reports.errors import Finding
from okr_reports.okrs.findings import mistake
from okr_reports.okrs.words import shown

MAX_BYTES = 256_000
MAX_DEPTH = 20
# Longer digits are not a number anybody means, and Python refuses to print them beyond 4,300 (CVE-2020-10735).
MAX_NUMBER_LENGTH = 40

YAML_TAGS = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# What YAML 1.2 calls c-printable, inverted.
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")

Scalar = str | int | bool | Decimal | None


class Mapping(dict[str, Any]):
    """A YAML mapping; `lines` gives the line of each key, `line` its own first one."""

    __slots__ = ("line", "lines", "path")

    def __init__(self, path: str, line: int) -> None:
        super().__init__()
        self.path = path
        self.line = line
        self.lines: dict[str, int] = {}


class Sequence(list[Any]):
    """A YAML list; `lines` gives the line of each item."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class _RefusedError(Exception):
    def __init__(self, line: int, what: str, todo: str) -> None:
        super().__init__(what)
        self.line, self.what, self.todo = line, what, todo


def read_yaml(data: bytes, path: str) -> tuple[Any, list[Finding]]:
    """The content of one file and what is wrong with it; the content is None when it cannot be trusted.

    Duplicate keys are findings too; the first of them stays, so that the rest of the file can still be checked.
    """
    findings: list[Finding] = []
    text = ""
    try:
        text = _decoded(data)
        return _Builder(path, findings).build(text), findings
    except _RefusedError as refused:
        findings.append(mistake(path, refused.line, refused.what, refused.todo))
    except yaml.YAMLError as error:
        findings.append(_syntax_finding(error, path, text))
    return None, findings


def decode_utf8(data: bytes) -> tuple[str, int, str]:
    """`data` as text, or ("", line, what is wrong) if it is not UTF-8; a byte order mark in front is dropped."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", 1, "the file is UTF-16"
    try:
        return data.decode("utf-8-sig"), 0, ""
    except UnicodeDecodeError as error:
        line = len(_LINE_BREAK.findall(data[: error.start].decode("latin-1"))) + 1
        return "", line, f"the byte 0x{data[error.start]:02X} is not UTF-8 (an older Latin-1 or Windows file?)"


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _RefusedError(1, "the file is larger than 256 kB", "split it into several files")
    text, line, problem = decode_utf8(data)
    if problem:
        raise _RefusedError(line, problem, "save it as UTF-8")
    if found := _CONTROL.search(text):
        line = len(_LINE_BREAK.findall(text[: found.start()])) + 1
        raise _RefusedError(line, f"the control character U+{ord(found.group()):04X} is in the file", "remove it")
    return text


class _Builder:
    """Builds the content of one file from libyaml's events, which arrive as they are read.

    Events rather than composed nodes: a node no longer shows anchors and tags, and libyaml composes 200 kB of `{` for
    72 seconds, while the stream of events is left at the first level too deep.
    """

    def __init__(self, path: str, findings: list[Finding]) -> None:
        self._path = path
        self._findings = findings
        self._events: Iterator[yaml.Event] = iter(())

    def build(self, text: str) -> Any:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        content: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _RefusedError(
                        _line(event), "a second document starts here (`---`)", "put it into a file of its own"
                    )
            elif isinstance(event, yaml.NodeEvent):
                content = self._value(event, depth=1)
        return content

    def _value(self, event: yaml.Event, depth: int) -> Any:
        self._refuse_references(event)
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else event.value
        if depth > MAX_DEPTH:
            raise _RefusedError(_line(event), f"more than {MAX_DEPTH} levels are nested", "write it flatter")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth)
        return self._sequence(event, depth)

    def _mapping(self, start: yaml.Event, depth: int) -> Mapping:
        mapping = Mapping(self._path, _line(start))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse_references(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _RefusedError(_line(event), "a list or mapping stands as a key", "write a word as the key")
            value = self._value(next(self._events), depth + 1)
            if event.value in mapping:
                self._duplicate(event, mapping.lines[event.value])
                continue
            mapping[event.value] = value
            mapping.lines[event.value] = _line(event)
        return mapping

    def _sequence(self, start: yaml.Event, depth: int) -> Sequence:
        sequence = Sequence(_line(start))
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            line = _line(event)
            sequence.append(self._value(event, depth + 1))
            sequence.lines.append(line)
        return sequence

    def _duplicate(self, event: yaml.ScalarEvent, first: int) -> None:
        self._findings.append(
            mistake(
                self._path,
                _line(event),
                f"the key {shown(event.value)} is written twice, first in line {first}",
                "keep one of them",
            )
        )

    @staticmethod
    def _refuse_references(event: yaml.Event) -> None:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError(line, f"an alias (*{event.anchor}) stands here", "write the value out")
        if anchor := getattr(event, "anchor", None):
            raise _RefusedError(line, f"an anchor (&{anchor}) stands here", "remove it, or put the text in quotes")
        if tag := getattr(event, "tag", None):
            name = shown(tag.replace(YAML_TAGS, "!!"))
            raise _RefusedError(line, f"a tag ({name}) stands here", "remove it, or put the text in quotes")


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else int(mark.line) + 1


def scalar(text: str) -> Scalar:
    """What an unquoted scalar means in the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in "+-.0123456789" or len(text) > MAX_NUMBER_LENGTH:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return Decimal(text)
    if _SPECIAL.fullmatch(text):
        return Decimal(text.replace(".", ""))
    return text


def _syntax_finding(error: yaml.YAMLError, path: str, text: str) -> Finding:
    mark = getattr(error, "problem_mark", None)
    line = 1 if mark is None else int(mark.line) + 1
    problem = " ".join(str(part) for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part)
    what, todo = f"this is not YAML: {problem or error}", "fix the line, often the one above it"
    if "\t" in _indentation(text, line):
        what, todo = "a tab indents the line", "indent with spaces"
    elif "cannot start any token" in problem:
        what, todo = "one of @ ` % is in front of a word", "put the word in quotes"
    elif "mapping values are not allowed" in problem:
        what = "a colon stands where no key can be, or the line is indented too far"
        todo = "put text that holds `: ` in quotes, or fix the indentation"
    elif "unexpected end of stream" in problem:
        what, todo = "a quote or bracket is never closed", "close it"
    return mistake(path, line, what, todo)


def _indentation(text: str, line: int) -> str:
    lines = _LINE_BREAK.split(text)
    written = lines[line - 1] if line <= len(lines) else ""
    return written[: len(written) - len(written.lstrip())]
