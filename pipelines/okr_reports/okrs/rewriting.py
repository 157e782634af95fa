"""An edited definition goes back into the text of its file: only what differs is written.

A round trip through a YAML library writes the whole file anew and with it quotes, line breaks and widths that nobody
changed. Here each change is a cut at the place of its value, so comments, order, layout and every other byte stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml

from okr_reports.errors import OkrError
from okr_reports.okrs.written import flow
from okr_reports.okrs.yaml_reader import read_yaml

# A list of mappings that fits into a line is written as one.
WIDEST = 110


@dataclass(frozen=True, order=True)
class _Cut:
    start: int
    end: int
    text: str


def rewritten(text: str, new: Any, path: str) -> str:
    """The text of a definitions file changed so that it reads as `new`, of plain mappings, lists and scalars.

    Raises OkrError for a file in which that cannot be done by cuts alone; `path` is named.
    """
    old, findings = read_yaml(text.encode("utf-8"), path)
    tree = yaml.compose(text.removeprefix("\ufeff"), Loader=yaml.CSafeLoader) if not findings else None
    if findings or tree is None:
        raise OkrError(f"{path} cannot be changed by a form as it is; edit it by hand, and run `okr check`")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    written = mark + _Text(text.removeprefix("\ufeff")).changed(tree, old, new)
    again, found = read_yaml(written.encode("utf-8"), path)
    if found or not same(again, new):
        raise OkrError(f"{path} is laid out in a way that a form cannot change safely; edit it by hand")
    return written


def same(left: Any, other: Any) -> bool:
    """Whether two contents say the same; true is not 1."""
    if isinstance(left, dict) and isinstance(other, dict):
        return left.keys() == other.keys() and all(same(value, other[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(other, list):
        return len(left) == len(other) and all(map(same, left, other))
    return isinstance(left, bool) == isinstance(other, bool) and bool(left == other)


def block(entries: Sequence[Any], indent: int) -> str:
    """Entries of a list as lines of YAML, each after a dash at column `indent`."""
    return "\n".join(_lines_of_item(entry, indent) for entry in entries)


def _lines_of_item(item: Any, indent: int) -> str:
    pad = " " * indent
    inline = f"{pad}- {flow(item)}"
    is_nested = isinstance(item, dict) and any(_is_list_of_mappings(value) for value in item.values())
    if not isinstance(item, dict) or not item or (len(item) < 5 and len(inline) <= WIDEST and not is_nested):
        return inline
    lines = [_lines_of_pair(key, value, indent + 2) for key, value in item.items()]
    return f"{pad}- {lines[0].lstrip()}" + "".join(f"\n{line}" for line in lines[1:])


def _lines_of_pair(key: str, value: Any, indent: int) -> str:
    pad = " " * indent
    if _is_list_of_mappings(value):
        return f"{pad}{flow(key)}:\n{block(value, indent + 2)}"
    return f"{pad}{flow(key)}: {flow(value)}"


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def changed(self, node: yaml.Node, old: Any, new: Any) -> str:
        text = self.text
        for cut in sorted(self._cuts(node, old, new), reverse=True):
            text = text[: cut.start] + cut.text.replace("\n", self.newline) + text[cut.end :]
        return text

    def _cuts(self, node: yaml.Node, old: Any, new: Any) -> Iterator[_Cut]:
        if same(old, new):
            return
        if isinstance(node, yaml.MappingNode) and isinstance(new, dict) and old.keys() & new.keys():
            yield from self._mapping(node, old, new)
        elif isinstance(node, yaml.SequenceNode) and isinstance(new, list) and old and new:
            yield from self._sequence(node, old, new)
        else:
            yield _Cut(node.start_mark.index, self._end(node), flow(new))

    def _mapping(self, node: yaml.MappingNode, old: dict[str, Any], new: dict[str, Any]) -> Iterator[_Cut]:
        pairs = node.value
        kept = [key.value in new for key, _ in pairs]
        for at, (key, value) in enumerate(pairs):
            if not kept[at]:
                ends = [self._end_of_pair(pair) for pair in pairs]
                starts = [pair[0].start_mark.index for pair in pairs]
                yield self._without(at, kept, starts, ends, bool(node.flow_style))
            elif self._can_descend(value, old[key.value], new[key.value]):
                yield from self._cuts(value, old[key.value], new[key.value])
            elif not same(old[key.value], new[key.value]):
                yield self._replaced(key, value, new[key.value], bool(node.flow_style))
        names = list(new)
        before: dict[str, list[str]] = {}
        for at, name in enumerate(names):
            if name not in old:
                near = next(name for name in [*reversed(names[:at]), *names[at:]] if name in old)
                before.setdefault(near, []).append(name)
        for near, added in before.items():
            pair = next(pair for pair in pairs if pair[0].value == near)
            end = self._end_of_pair(pair)
            if node.flow_style:
                yield _Cut(end, end, "".join(f", {flow(name)}: {flow(new[name])}" for name in added))
            else:
                end, indent = self._end_of_line(end), self._column(pair[0].start_mark.index)
                yield _Cut(end, end, "".join("\n" + _lines_of_pair(name, new[name], indent) for name in added))

    @staticmethod
    def _can_descend(node: yaml.Node, old: Any, new: Any) -> bool:
        if isinstance(node, yaml.MappingNode):
            return isinstance(new, dict) and bool(old.keys() & new.keys())
        return isinstance(node, yaml.SequenceNode) and isinstance(new, list) and bool(old) and bool(new)

    def _replaced(self, key: yaml.Node, value: yaml.Node, new: Any, is_flow: bool) -> _Cut:
        """One value for another; what stood in lines of its own comes up to its key."""
        is_block = getattr(value, "style", None) in ("|", ">") or not (
            not isinstance(value, yaml.CollectionNode) or value.flow_style
        )
        colon = self.text.index(":", key.end_mark.index) + 1
        start = colon if is_block or self._end(value) <= colon else value.start_mark.index
        if not is_flow and _is_list_of_mappings(new):
            written = "\n" + block(new, self._column(key.start_mark.index) + 2)
        else:
            written = flow(new)
        if written.startswith("\n"):
            start = colon
        lead = " " if start == colon and not written.startswith("\n") else ""
        return _Cut(start, max(self._end(value), start), lead + written)

    def _sequence(self, node: yaml.SequenceNode, old: list[Any], new: list[Any]) -> Iterator[_Cut]:
        items, is_flow = node.value, bool(node.flow_style)
        kept, added = [False] * len(items), list[tuple[int, list[Any]]]()
        matcher = SequenceMatcher(None, list(map(_name, old)), list(map(_name, new)), autojunk=False)
        for _, first, last, new_first, new_last in matcher.get_opcodes():
            pairs = min(last - first, new_last - new_first)
            for step in range(pairs):
                kept[first + step] = True
                yield from self._cuts(items[first + step], old[first + step], new[new_first + step])
            if rest := new[new_first + pairs : new_last]:
                added.append((first + pairs, rest))
        starts = [item.start_mark.index if is_flow else self._dash(item) for item in items]
        ends = [self._end(item) for item in items]
        for at, is_kept in enumerate(kept):
            if not is_kept:
                yield self._without(at, kept, starts, ends, is_flow)
        for at, rest in added:
            if is_flow:
                place = ends[at - 1] if at else starts[0]
                texts = [flow(item) for item in rest]
                yield _Cut(place, place, "".join(f", {text}" if at else f"{text}, " for text in texts))
            elif at:
                place = self._end_of_line(ends[at - 1])
                yield _Cut(place, place, "\n" + block(rest, self._column(starts[at - 1])))
            else:
                column = self._column(starts[0])
                place = starts[0] - column
                yield _Cut(place, place, block(rest, column) + "\n")

    def _without(self, at: int, kept: list[bool], starts: list[int], ends: list[int], is_flow: bool) -> _Cut:
        """The part of a collection taken away with what ties it to its neighbours."""
        if not is_flow and not self.text[self._start_of_line(starts[at]) : starts[at]].strip():
            return _Cut(self._start_of_line(starts[at]), self._next_line(ends[at]), "")
        if is_flow and any(kept[:at]):
            return _Cut(ends[at - 1], ends[at], "")
        return _Cut(starts[at], starts[at + 1] if at + 1 < len(starts) else ends[at], "")

    def _end(self, node: yaml.Node) -> int:
        """Behind the last letter of a value: libyaml's own mark of a block lies before the next one."""
        if not isinstance(node, yaml.CollectionNode):
            end = int(node.end_mark.index)
            return len(self.text[:end].rstrip()) if getattr(node, "style", None) in ("|", ">") else end
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._end_of_pair(last) if isinstance(node, yaml.MappingNode) else self._end(last)

    def _end_of_pair(self, pair: tuple[yaml.Node, yaml.Node]) -> int:
        return max(self._end(pair[1]), self.text.index(":", pair[0].end_mark.index) + 1)

    def _dash(self, item: yaml.Node) -> int:
        return self.text.rindex("-", 0, item.start_mark.index)

    def _start_of_line(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _column(self, at: int) -> int:
        return at - self._start_of_line(at)

    def _end_of_line(self, at: int) -> int:
        found = self.text.find(self.newline, at)
        return len(self.text) if found < 0 else found

    def _next_line(self, at: int) -> int:
        return min(self._end_of_line(at) + len(self.newline), len(self.text))


def _name(item: Any) -> str:
    """What an entry is known by in its list."""
    return str(item["id"]) if isinstance(item, dict) and "id" in item else repr(item)
