"""Reads one file of reports/: YAML front matter, named SQL fences, and the text that remains.

Fences and front matter are blanked out line by line, so line numbers of the text stay those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from okr_reports.errors import shown_path
from okr_reports.report_site.faults import PageFault

COMMENT = re.compile(r"^```.*?^```[ \t]*$|`[^`\n]+`|<!--.*?-->", re.DOTALL | re.MULTILINE)
MAX_BYTES = 256_000
FENCE_OPEN = re.compile(r"^```sql(?:[ \t]+(?P<name>.*?))?[ \t]*$")
FENCE_CLOSE = re.compile(r"^```[ \t]*$")
NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")


@dataclass(frozen=True)
class Query:
    """One named SQL statement; `line` is where its first line is in the file."""

    name: str
    sql: str
    path: Path
    line: int


@dataclass(frozen=True)
class SourceFile:
    """A page, partial or component as written. `front_lines`: the line of each front matter key.

    `faults` are what its front matter and fences have wrong; the rest of it is there all the same.
    """

    path: Path
    text: str
    front: Mapping[str, Any]
    front_lines: Mapping[str, int]
    queries: Mapping[str, Query]
    body: str = field(repr=False)
    faults: tuple[PageFault, ...] = ()
    has_readable_front: bool = True

    def line_of(self, text: str) -> int:
        """The line that holds a text as written, else the first."""
        return next((n for n, line in enumerate(self.text.split("\n"), start=1) if text in line), 1)

    def fault(self, key: str, what: str, todo: str) -> PageFault:
        """A mistake in the front matter, at the line of `key`."""
        return PageFault(self.path, self.front_lines.get(key, 1), what, todo)


# the loader written in C reads the front matter of all components in a tenth of the time
class Loader(yaml.CSafeLoader):
    """YAML of people: a value that looks like a day or a number and is none is a mistake with its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


@contextmanager
def yaml_loader(text: str, path: Path, what: str, todo: str, above: int = 0) -> Iterator[Loader]:
    """A loader of `text`, which has `above` lines of the file above it. Raises PageFault: `what` is not YAML."""
    loader = Loader(text)
    try:
        yield loader
    except yaml.reader.ReaderError as error:
        line = text.partition(chr(error.character))[0].count("\n") + above + 1
        problem = f"the character U+{error.character:04X} is not allowed"
        raise PageFault(path, line, f"{what} is not YAML: {problem}", todo) from None
    except yaml.MarkedYAMLError as error:
        # what is missing at the end is missed on the line after it
        line = min(error.problem_mark.line, text.count("\n")) if error.problem_mark else 0
        raise PageFault(path, line + above + 1, f"{what} is not YAML: {error.problem or error.context}", todo) from None
    finally:
        loader.dispose()


def read_text(path: Path) -> str:
    """The text of a file of people. Raises PageFault for what cannot be read, is not UTF-8 or too large."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise PageFault(shown_path(path), 1, what, "put a file here that this user may read") from None
    if len(raw) > MAX_BYTES:
        what = f"the file has {len(raw)} bytes, more than {MAX_BYTES}"
        raise PageFault(shown_path(path), 1, what, "split it")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PageFault(shown_path(path), line, "the file is not UTF-8", "save it as UTF-8") from None


def read_source(path: Path) -> SourceFile:
    """Read a file. Raises PageFault for what cannot be read as text."""
    shown = shown_path(path)
    text = read_text(path)
    lines = text.split("\n")
    faults: list[PageFault] = []
    end = _front_matter_end(lines)
    front: dict[str, Any] = {}
    front_lines: dict[str, int] = {}
    try:
        front, front_lines = _front_matter(shown, lines, end)
    except PageFault as fault:
        faults.append(fault)
    is_readable = not faults
    queries: dict[str, Query] = {}
    body = [""] * end + lines[end:]
    if path.suffix == ".md":
        body = _without_comments("\n".join(body)).split("\n")
    faults.extend(_cut_fences(shown, body, end, queries))
    return SourceFile(shown, text, front, front_lines, queries, "\n".join(body), tuple(faults), is_readable)


def read_whole(path: Path) -> SourceFile:
    """The same of a file that is of no use with a fault. Raises the first of them."""
    file = read_source(path)
    if file.faults:
        raise file.faults[0]
    return file


def _without_comments(text: str) -> str:
    """The text without `<!-- ... -->`, on the same lines; code keeps its own."""
    return COMMENT.sub(lambda match: "\n" * match[0].count("\n") if match[0].startswith("<!--") else match[0], text)


def read_query(path: Path) -> Query:
    """A shared query: one .sql file, named by its stem."""
    shown = shown_path(path)
    if not NAME.match(path.stem):
        raise PageFault(shown, 1, f"a query cannot be called {path.stem!r}", "use a-z, 0-9 and _, a letter first")
    return Query(path.stem, read_text(path), shown, 1)


def _front_matter_end(lines: list[str]) -> int:
    """How many lines the front matter has, the dashes included; 0 where there is none or it is never closed."""
    if lines[0].rstrip() != "---":
        return 0
    return next((number + 1 for number in range(1, len(lines)) if lines[number].rstrip() == "---"), 0)


def _front_matter(path: Path, lines: list[str], end: int) -> tuple[dict[str, Any], dict[str, int]]:
    if not end:
        if lines[0].rstrip() == "---":
            raise PageFault(path, 1, "the front matter is never closed", "end it with a line of three dashes")
        return {}, {}
    todo = "fix the line; texts with a colon need quotes"
    with yaml_loader("\n".join(lines[1 : end - 1]), path, "the front matter", todo, above=1) as loader:
        return _mapping(path, loader, loader.get_single_node())


def _mapping(path: Path, loader: Loader, node: yaml.Node | None) -> tuple[dict[str, Any], dict[str, int]]:
    if node is None:
        return {}, {}
    if not isinstance(node, yaml.MappingNode):
        raise PageFault(path, 2, "the front matter is not a list of `key: value` lines", "write `title: ...`")
    front_lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 2
        if not isinstance(key, yaml.ScalarNode):
            raise PageFault(path, line, "a key of the front matter is not a word", "write `title: ...`")
        if key.value in front_lines:
            raise PageFault(path, line, f"the front matter has {key.value!r} twice", "keep one of them")
        front_lines[key.value] = line
    return loader.construct_document(node), front_lines


def _cut_fences(path: Path, body: list[str], start: int, queries: dict[str, Query]) -> Iterator[PageFault]:
    """Move each ```sql fence from `body` to `queries`, leaving empty lines; what is wrong with those that are none."""
    number = start
    while number < len(body):
        opening = FENCE_OPEN.match(body[number])
        if opening is None:
            number += 1
            continue
        close = next((n for n in range(number + 1, len(body)) if FENCE_CLOSE.match(body[n])), None)
        name = opening["name"] or ""
        if close is None:
            yield PageFault(path, number + 1, f"the SQL fence {name!r} is never closed", "end it with a line of ```")
            close = len(body) - 1
        elif not NAME.match(name):
            what = f"a query cannot be called {name!r}" if name else "a SQL fence has no name"
            yield PageFault(path, number + 1, what, "write ```sql name with a-z, 0-9 and _, a letter first")
        elif name in queries:
            todo = f"rename one; the first is in line {queries[name].line - 1}"
            yield PageFault(path, number + 1, f"there are two queries called {name!r}", todo)
        else:
            queries[name] = Query(name, "\n".join(body[number + 1 : close]), path, number + 2)
        body[number : close + 1] = [""] * (close + 1 - number)
        number = close + 1
