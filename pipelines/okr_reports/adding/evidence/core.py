"""A page of Core as a page here: the dialect is the same; what of it is not here is left out and listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from okr_reports.adding.evidence.clickhouse import in_duckdb
from okr_reports.adding.evidence.inputs import Fixed, fixed_in_sql, steps
from okr_reports.adding.evidence.markup import FENCE
from okr_reports.adding.evidence.named import Note, Project
from okr_reports.adding.evidence.queries import is_sql, rewritten
from okr_reports.report_site.dialect.components import Component
from okr_reports.report_site.dialect.one_tag import TagReader
from okr_reports.report_site.dialect.tags import TagUse

_TAG = re.compile(
    r"\{%-?\s*(?P<end>/?)\s*(?P<name>[a-z_]+)(?P<given>(?:\"[^\"]*\"|'[^']*'|.)*?)(?P<close>/?)\s*-?%\}", re.DOTALL
)
_ATTRIBUTE = re.compile(r"\s*,?\s*([A-Za-z_]\w*)\s*=\s*")
_JINJA = ("if", "elif", "else", "else_if", "endif", "for", "endfor", "set", "endset", "raw", "endraw")
# tags by the one that is the same here
_SAME = {"modal": "details", "line_break": ""}
# drawings there are not: their rows as a table
_AS_TABLE = (
    "bubble_chart", "candlestick", "chord_chart", "polar_chart", "radar_chart", "sankey_chart", "treemap", "map",
    "calendar_heatmap", "waterfall", "custom_map", "custom_echart", "heat_grid",
)  # fmt: skip
_ELSEWHERE = {"default_value": "initial_value"}


class CorePage:
    """One page as it is being made."""

    def __init__(self, project: Project, note: Note) -> None:
        self.tables, self.components, self.note = project.tables, project.components, note
        self.tags = TagReader(self.components)
        self.fixed: dict[str, Fixed] = {}
        self.dropped: list[str] = []

    def translated(self, text: str) -> str:
        """The whole page, its lines where they were as far as nothing of them is left out."""
        for match in _TAG.finditer(text):
            if match["name"] in ("text_input", "table_filter", "comparison_selector") and not match["end"]:
                given = {name: value for name, value, _ in _attributes(match["given"])}
                self.fixed[given.get("id", "").strip("\"'")] = Fixed(given.get("initial_value", '""').strip("\"'"))
        pieces, at = [], 0
        fences = list(FENCE.finditer(text))
        spans = [match.span() for match in fences]
        tags = [tag for tag in _TAG.finditer(text) if not any(a <= tag.start() < b for a, b in spans)]
        for match in sorted((*fences, *tags), key=lambda match: match.start()):
            line = text.count("\n", 0, match.start()) + 1
            made = self._tag(match, line) if "name" in match.groupdict() else self._fence(match, line + 1)
            pieces += [text[at : match.start()], made]
            at = match.end()
        return "".join([*pieces, text[at:]])

    def _fence(self, match: re.Match[str], line: int) -> str:
        info = match["info"].split()
        if not info or info[0].lower() != "sql" or not is_sql(match["sql"]):
            return match[0]
        sql = fixed_in_sql(rewritten(match["sql"].rstrip().rstrip(";"), self.tables, {}, ()), self.fixed)
        sql, unknown = in_duckdb(sql)
        for name in unknown:
            self.note(line, f"the function {name}()", "DuckDB has no such function; write the query without it")
        return f"```{match['info']}\n{sql}\n```"

    def _tag(self, match: re.Match[str], line: int) -> str:
        name = match["name"]
        if name in _JINJA:
            return self._in_tables(match[0])
        if match["end"]:
            if name in self.dropped:
                self.dropped.remove(name)
                return ""
            return match[0].replace(name, _SAME.get(name, name), 1)
        if name == "line_break":
            return ""
        if name == "slider":
            return self._slider(match, line)
        is_pair = not match["close"]
        name = _SAME.get(name, name)
        if name not in self.components:
            return self._unknown(match, name, line, is_pair)
        component = self.components[name]
        written = self._in_tables(match[0].replace(match["name"], name, 1))
        given = written[: -len("%}")].rstrip("-").rstrip()
        for _ in range(40):
            use = self._use(given, component, is_pair)
            wrong = [(attribute, error) for attribute, error in component.check(use.given) if attribute] if use else []
            if not wrong:
                break
            given = self._without(given, *wrong[0], line, name)
        return f"{given}%}}" if given.endswith("/") else f"{given} %}}"

    def _unknown(self, match: re.Match[str], name: str, line: int, is_pair: bool) -> str:
        if is_pair:
            self.dropped.append(match["name"])
        data = re.search(r"\bdata\s*=\s*(\"[^\"]*\")", match["given"])
        if name in _AS_TABLE and data:
            self.note(line, f"{{% {name} %}}", "has no like here; its rows are a table")
            title = re.search(r"\btitle\s*=\s*\"[^\"]*\"", match["given"])
            return self._in_tables(f"{{% table data={data[1]}{' ' + title[0] if title else ''} /%}}")
        inputs = " (its value is what it was first)" if name in ("text_input", "table_filter") else ""
        self.note(line, f"{{% {name} %}}", f"has no like here; it is left out{inputs}")
        return ""

    def _slider(self, match: re.Match[str], line: int) -> str:
        given = {name: value.strip("\"'") for name, value, _ in _attributes(match["given"])}
        self.note(line, "{% slider %}", "its steps are values to choose from")
        options = ", ".join(steps(given, given.get("initial_value")))
        title = f' title="{given["title"]}"' if given.get("title") else ""
        first = given.get("initial_value") or given.get("min") or "0"
        return f'{{% dropdown id="{given.get("id", "slider")}"{title} options=[{options}] initial_value={first} /%}}'

    def _use(self, given: str, component: Component, is_pair: bool) -> TagUse | None:
        end = f" %}}{{% /{component.name} %}}" if is_pair and component.has_body else " %}"
        return self.tags.read(given + end)

    def _without(self, given: str, attribute: str, error: Any, line: int, tag: str) -> str:
        """A tag without an attribute that cannot be there; under the other name where it has one."""
        head = re.match(r"\{%-?\s*[a-z_]+", given)
        start = head.end() if head else 0
        for name, value, (begin, end) in _attributes(given[start:]):
            if name != attribute:
                continue
            other = _ELSEWHERE.get(name)
            if other and other in self.components[tag].attributes:
                return given[: start + begin] + f" {other}={value}" + given[start + end :]
            rest = given[start + begin :]
            before = start + begin + len(rest) - len(rest.lstrip())
            self.note(
                line + given.count("\n", 0, before), f"{attribute} of {{% {tag} %}}", f"{error.what}; it is left out"
            )
            return given[: start + begin] + given[start + end :]
        return given

    def _in_tables(self, tag: str) -> str:
        """The tag with the workspace's name of the table that it draws."""

        def table(match: re.Match[str]) -> str:
            return f"{match[1]}{self.tables.get(match[2], match[2])}{match[3]}"

        return re.sub(r"(\bdata\s*=\s*[\"']\$?)([A-Za-z_][\w.]*)([\"'])", table, tag)


def _attributes(given: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Each attribute of a tag: its name, its value as written, and where both begin and end."""
    at = 0
    while match := _ATTRIBUTE.match(given, at):
        end = _value_end(given, match.end())
        yield match[1], given[match.end() : end], (at, end)
        at = end


def _value_end(text: str, at: int) -> int:
    depth, quote = 0, ""
    for place in range(at, len(text)):
        letter = text[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{(":
            depth += 1
        elif letter in "]})":
            depth -= 1
        elif letter.isspace() and depth == 0 and place > at:
            return place
    return len(text)
