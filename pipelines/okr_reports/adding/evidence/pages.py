"""One page of a project as a page here. What has no like here is left out and listed with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from okr_reports.adding.evidence.expressions import expression, literal
from okr_reports.adding.evidence.markup import Piece, pieces
from okr_reports.adding.evidence.queries import columns_of, name_of, pages_of, rewritten
from okr_reports.adding.evidence.tags import AS_TABLE, KNOWN, PAIRS, UNWRAPPED, Tag, Written, made

FENCE = re.compile(r"^[ \t]*```[ \t]*(?P<info>[^\n`]*)\n(?P<sql>.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
SHOWN = ("text", "txt", "sh", "bash", "console", "python", "yaml", "json", "html", "markdown", "md", "javascript", "js",
         "svelte", "r", "css", "mermaid")  # fmt: skip
KEPT_KEYS = {"title": str, "description": str, "sidebar_position": int, "name": str}
INLINE = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
INPUTS = ("Dropdown", "ButtonGroup", "DateRange", "Checkbox")
Note = Callable[[int, str, str], None]


@dataclass
class Project:
    """What a page may name: tables by `folder.name`, shared queries by how they are written, routes, images."""

    tables: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    partials: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """A page as it is being made."""

    project: Project
    title: str
    parameter: str | None
    note: Note
    front: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    firsts: dict[str, Any] = field(default_factory=dict)
    loops: list[str] = field(default_factory=list)
    ends: list[tuple[str, str]] = field(default_factory=list)

    def translated(self, text: str) -> str:
        """The whole page."""
        text = text.replace("\r\n", "\n").lstrip("\ufeff")
        front, body, above = self._front(text)
        self.names = {**self.project.queries, **self._aliases(front)}
        for match in FENCE.finditer(body):
            if (name := self._query_name(match)) is not None:
                self.names[name] = name_of(name)
        body = self._renamed_inputs(body)
        self._find_inputs(body)
        body = FENCE.sub(lambda match: self._fence(match, body, above), body)
        out = "".join(self._piece(piece, above) for piece in pieces(body))
        out = self._links(re.sub(r"\n{4,}", "\n\n\n", out))
        self._make_front(front, out)
        return "---\n" + yaml.safe_dump(self.front, allow_unicode=True, sort_keys=False) + "---\n" + self._head() + out

    # front matter

    def _front(self, text: str) -> tuple[dict[str, Any], str, int]:
        if not (match := re.match(r"---[ \t]*\n(.*?)^---[ \t]*$", text, re.DOTALL | re.MULTILINE)):
            return {}, text, 0
        try:
            front = yaml.safe_load(match[1]) or {}
        except yaml.YAMLError:
            front = {}
            self.note(1, "the front matter", "is not YAML; it is left out")
        return (front if isinstance(front, dict) else {}), text[match.end() :], match[0].count("\n")

    def _aliases(self, front: Mapping[str, Any]) -> dict[str, str]:
        """Shared queries by the names that this page gives them."""
        found: dict[str, str] = {}
        for one in front.get("queries") or ():
            for alias, path in one.items() if isinstance(one, dict) else [(None, str(one))]:
                name = self.project.queries.get(str(path).removesuffix(".sql"), name_of(str(path)))
                found[str(alias or path).removesuffix(".sql")] = name
        return found

    def _make_front(self, front: Mapping[str, Any], out: str) -> None:
        heading = re.search(r"^#[ \t]+([^{}<>\n]+)$", out, re.MULTILINE)
        title = front.get("title") or (heading[1].strip() if heading else self.title)
        self.front = {"title": str(title)}
        for key, value in front.items():
            kind = KEPT_KEYS.get(key)
            if kind is not None and isinstance(value, kind):
                self.front[key] = value
            elif key == "full_width" and value:
                self.front["page_width"] = "wide"
            elif key == "sidebar_link" and value is False:
                self.front["sidebar"] = False
            elif key not in ("queries", "hide_title", "title", "full_width", "sidebar_link", "og", "neverShowQueries"):
                self.note(1, f"{key} of the front matter", "has no effect here")
        if self.parameter is not None:
            self.front["one_page_per"] = f"pages_of_{self.parameter}"
            self.front["title"] = "{{ params." + self.parameter + " }}"

    def _head(self) -> str:
        """The query of the pages of a file that is many."""
        if self.parameter is None:
            return ""
        every = [*self.queries.values(), *self.project.shared.values()]
        found = next((made for sql in every if (made := pages_of(sql, self.parameter))), None)
        if found is None:
            self.note(1, f"[{self.parameter}]", "no query says which values there are; write the query of the pages")
            return ""
        self.note(
            1, f"[{self.parameter}]", "a page is made for each of the first 200 values; see the query of the pages"
        )
        return f"```sql pages_of_{self.parameter}\n{found}\n```\n"

    # queries

    def _query_name(self, match: re.Match[str]) -> str | None:
        info = match["info"].split()
        looks = re.match(r"(?is)\s*(--[^\n]*\n\s*)*(select|with|from)\b", match["sql"])
        if info and info[0].lower() == "sql":
            return info[1] if len(info) > 1 else None
        return info[0] if info and looks and info[0].lower() not in SHOWN else None

    def _fence(self, match: re.Match[str], body: str, above: int) -> str:
        name = self._query_name(match)
        if name is None:
            shown = match["info"].strip().lower()
            return match[0] if shown and shown != "sql" else f"```text\n{match['sql']}```"
        line = above + body.count("\n", 0, match.start()) + 1
        sql = rewritten(match["sql"].rstrip().rstrip(";"), self.project.tables, self.names, self.listed)
        for reference in re.finditer(r"\$\{\s*inputs\.(\w+)", sql):
            if reference[1] not in self.inputs:
                self.note(line, f"the input {reference[1]!r} of the query {name!r}", "is not among those of the page")
        if self.names[name] in self.queries:
            self.note(line, f"the query {name!r}", "is there twice; the second one is left out")
            return ""
        self.queries[self.names[name]] = sql
        return f"```sql {self.names[name]}\n{sql}\n```"

    def _renamed_inputs(self, body: str) -> str:
        """Inputs that have the name of a query get another one."""
        taken = {*self.names, *self.names.values()}
        for piece in list(pieces(body)):
            name = str(literal(piece.attributes.get("name", '""'))) if piece.name in INPUTS else ""
            if piece.kind == "tag" and name in taken:
                body = re.sub(rf"\binputs\.{re.escape(name)}\b", f"inputs.{name}_input", body)
                body = body.replace(
                    piece.text, re.sub(rf"(\bname\s*=\s*[\"'{{]*){re.escape(name)}\b", rf"\1{name}_input", piece.text)
                )
        return body

    def _find_inputs(self, body: str) -> None:
        last, of_data = "", False
        for piece in pieces(body):
            if piece.kind == "tag" and piece.name in INPUTS and piece.attributes.get("name"):
                last, of_data = str(literal(piece.attributes["name"])), "data" in piece.attributes
                self.inputs.add(last)
            if piece.kind == "tag" and piece.name in ("DropdownOption", "ButtonGroupItem") and last:
                self.listed |= set() if of_data else {last}
                if "default" in piece.attributes:
                    self.firsts[last] = literal(piece.attributes.get("value", ""))

    # the text

    def _piece(self, piece: Piece, above: int) -> str:
        line = piece.line + above
        if piece.kind == "dropped":
            self.note(line, f"<{piece.name}>", "pages hold no code and no styles of their own")
            return "\n" * piece.text.count("\n")
        if piece.kind == "brace":
            return self._brace(piece.text[1:-1].strip(), line)
        if piece.kind == "tag" and (piece.name[0].isupper() or ":" in piece.name):
            return self._component(piece, line)
        if piece.kind == "end" and (piece.name[0].isupper() or ":" in piece.name):
            return self._end(piece.name)
        if piece.kind in ("tag", "end"):
            return self._html(piece, line)
        return piece.text

    @property
    def _known(self) -> set[str]:
        return {*self.names, *self.names.values(), *self.loops, "inputs", "params"}

    def _expression(self, js: str) -> str | None:
        found = expression(js, self._known)
        if found is None or any(one not in self.inputs for one in re.findall(r"\binputs\.(\w+)", found)):
            return None
        for written, name in self.names.items():
            found = re.sub(rf"(?<![\w.\"]){re.escape(written)}(?!\w)", name, found)
        return found

    def _brace(self, inside: str, line: int) -> str:
        block, _, rest = inside.partition(" ")
        if block == "#each":
            match = re.match(
                r"(.+?)\s+as\s+(\w+|\{[^}]*\})\s*(?:,\s*(\w+))?\s*(?:\([^)]*\))?$", rest.strip(), re.DOTALL
            )
            rows = self._expression(match[1]) if match else None
            row = match[2] if match and match[2].isidentifier() else None
            self.loops += [row or "row", *([match[3]] if match and match[3] else [])]
            if rows is None or row is None:
                self.note(line, f"{{#each {rest.strip()}}}", "is no loop over a query; its text is left out")
                return "{% for row in [] %}"
            index = f"{{% set {match[3]} = loop.index0 %}}" if match and match[3] else ""
            return f"{{% for {row} in {rows} %}}{index}"
        if block in ("#if", ":else") and (block == "#if" or rest):
            condition = self._expression(rest.removeprefix("if ").strip())
            if condition is None:
                self.note(line, f"{{{inside}}}", "cannot be decided here; the text is always shown")
            return f"{{% {'if' if block == '#if' else 'elif'} {condition or 'true'} %}}"
        simple = {"/each": "{% endfor %}", "/if": "{% endif %}", ":else": "{% else %}"}
        if block in simple:
            return simple[block]
        if block == "@partial":
            name = self.project.partials.get(rest.strip("\"' ").removesuffix(".md"))
            if name:
                return f'{{% partial file="{name}" /%}}'
        if block == "@const":
            name, _, value = rest.partition("=")
            found = self._expression(value)
            if found is not None:
                self.loops.append(name.strip())
                return f"{{% set {name.strip()} = {found} %}}"
        found = None if block[:1] in "#/@:" else self._expression(inside)
        if found is None:
            self.note(line, "{" + inside.splitlines()[0][:60] + "}" if inside else "{}", "has no like in a page")
            return ""
        return "{{ " + found + " }}"

    def _component(self, piece: Piece, line: int) -> str:
        name, pair = piece.name, not piece.is_closed
        if name in UNWRAPPED or name in ("LastRefreshed", "QueryViewer"):
            if name == "QueryViewer":
                self.note(line, f"<{name}>", "pages do not show their SQL")
            return self._open(name, "") if pair else ""
        if name in ("BigLink", "LinkButton"):
            url = str(self._value(piece.attributes.get("url") or piece.attributes.get("href") or "", line))
            if pair:
                self.ends.append((name, f"]({url.strip('/') and url})"))
                return "["
            return f"[{url}]({url})"
        given = self._given(piece, line)
        if name in AS_TABLE and given.get("data"):
            self.note(line, f"<{name}>", "has no like here; its rows are a table")
            tag = Tag("table", {"data": given["data"], **({"title": given["title"]} if given.get("title") else {})})
            return self._open(name, "", drop=True) + tag.text(closed=True) if pair else tag.text(closed=True)
        if name not in KNOWN:
            self.note(line, f"<{name}>", "has no like here, or is a component of the project's own; it is left out")
            return self._open(name, "") if pair else ""
        if name in ("Dropdown", "ButtonGroup") and given.get("name") in self.firsts:
            given.setdefault("defaultValue", self.firsts[given["name"]])
        tag = made(name, given, self._columns(given.get("data")))
        for what, why in tag.left:
            self.note(line, what, why)
        if self._lacks(tag, line, name):
            return self._open(name, "") if pair else ""
        takes_body = tag.name in PAIRS or pair
        if not takes_body:
            return tag.text(closed=True)
        if not pair:
            return tag.text(closed=tag.name not in PAIRS) + (f"{{% /{tag.name} %}}" if tag.name in PAIRS else "")
        if tag.name in ("value", "big_value", "info", "download", "option", "toggle", "range_calendar", "sparkline"):
            return tag.text(closed=True) + self._open(name, "")
        self.ends.append((name, f"{{% /{tag.name} %}}"))
        return tag.text(closed=False)

    def _lacks(self, tag: Tag, line: int, name: str) -> bool:
        needed = {"line_chart": ("data", "x", "y"), "bar_chart": ("data", "x", "y"), "area_chart": ("data", "x", "y"),
                  "horizontal_bar_chart": ("data", "x", "y"), "scatter_chart": ("data", "x", "y"), "table": ("data",),
                  "combo_chart": ("data", "x"), "value": ("data", "value"), "big_value": ("data", "value"),
                  "column": ("value",), "details": ("title",), "tab": ("title",), "dropdown": ("id",),
                  "button_group": ("id",), "range_calendar": ("id",), "toggle": ("id",), "bar": ("y",), "line": ("y",),
                  "heatmap": ("data", "x", "y", "value"), "funnel_chart": ("data", "category", "value"),
                  "sparkline": ("data", "x", "y"), "download": ("data",)}  # fmt: skip
        lacking = [one for one in needed.get(tag.name, ()) if tag.attributes.get(one) in (None, "")]
        if lacking:
            self.note(line, f"<{name}>", f"does not say {', '.join(lacking)}; it is left out")
        return bool(lacking)

    def _open(self, name: str, end: str, drop: bool = False) -> str:
        self.ends.append((name, end))
        return ""

    def _end(self, name: str) -> str:
        for place in range(len(self.ends) - 1, -1, -1):
            if self.ends[place][0] == name:
                return self.ends.pop(place)[1]
        return ""

    def _columns(self, data: Any) -> list[str]:
        sql = self.queries.get(str(data)) or self.project.shared.get(str(data))
        return columns_of(sql) if sql else []

    def _given(self, piece: Piece, line: int) -> dict[str, Any]:
        given = {}
        for name, written in piece.attributes.items():
            if name == "data" and piece.name != "DateRange":
                query = written.strip("{}\"' ")
                if narrowed := re.fullmatch(r"(\w+)\.(where|limit)\((.*)\)", query, re.DOTALL):
                    query, how = narrowed[1], narrowed[2]
                    inside = self._value("{" + narrowed[3] + "}", line)
                    if inside is not None and not (how == "where" and isinstance(inside, str) and "{{" in inside):
                        given[how] = inside
                elif changed := re.match(r"(\w+)\.\w+\(", query):
                    query = changed[1]
                    self.note(line, written.splitlines()[0][:60], "all rows of the query are shown")
                given[name] = self.names.get(query, name_of(query) if query.isidentifier() else query)
                continue
            value = self._value(written, line)
            if value is not None:
                given[name] = value
        return given

    def _value(self, written: str, line: int) -> Any:
        value = literal(written)
        if value is None and written.startswith("{"):
            found = self._expression(written[1:-1])
            if found is not None:
                return Written(f'"{{{{ {found} }}}}"') if '"' not in found else Written(f"({found})")
            self.note(
                line, written.splitlines()[0][:60], "is an expression that has no like here; the attribute is left out"
            )
            return None
        if isinstance(value, str) and re.search(r"(?<!\{)\{[^{}]+\}(?!\})|\$\{", value):
            return re.sub(
                r"\$?\{([^{}]+)\}",
                lambda match: f"{{{{ {found} }}}}" if (found := self._expression(match[1])) else "",
                value,
            )
        return value

    def _html(self, piece: Piece, line: int) -> str:
        name, ends = piece.name.lower(), piece.kind == "end"
        if name in INLINE:
            return INLINE[name]
        if name in HEADINGS:
            return "\n\n" if ends else f"\n\n{HEADINGS[name]} "
        if name == "br":
            return "\n\n"
        if name == "hr":
            return "\n\n---\n\n"
        if name == "li":
            return "" if ends else "\n- "
        if name == "a":
            if ends:
                return self._end("a")
            url = str(self._value(piece.attributes.get("href", '"#"'), line) or "#")
            url = re.sub(r'^"|"$', "", url)
            self.ends.append(("a", f"]({url})"))
            return "["
        if name == "img":
            source = str(literal(piece.attributes.get("src", "")) or "")
            what = str(literal(piece.attributes.get("alt", "")) or "image")
            return f"![{what}]({source})"
        if name in ("p", "div", "section", "center", "ul", "ol", "article", "main", "header", "footer", "blockquote"):
            return "\n\n" if piece.text.count("\n") or ends or name == "p" else "\n"
        if name in ("span", "small", "sub", "sup", "u", "font", "mark", "button", "table", "tr", "td", "th", "tbody",
                    "thead", "nav", "label"):  # fmt: skip
            return " " if ends and name in ("td", "th") else ""
        self.note(line, f"<{name}>", "pages hold no HTML of their own; the element is left out")
        return ""

    def _links(self, out: str) -> str:
        """Links to pages and images that there are; of others the words."""

        def link(match: re.Match[str]) -> str:
            mark, words, target = match[1], match[2], match[3].strip()
            target, _, anchor = target.partition("#")
            line = 1
            if mark:
                name = self.project.images.get(target.rpartition("/")[2])
                if name and not target.startswith("http"):
                    return f"![{words or name}]({name})"
                self.note(line, f"![{words}]({target})", "images of other places are not loaded; their words stay")
                return f"[{words or target}]({target})" if target.startswith("https://") else words
            if target.startswith(("http://", "https://", "mailto:")) or "{{" in target or (not target and anchor):
                return match[0]
            route = self.project.routes.get(target.strip("/").removesuffix(".md").replace("%20", " ").lower())
            if route is not None:
                return f"[{words}](/{route}{'#' + anchor if anchor else ''})"
            self.note(line, f"[{words}]({target})", "leads to no page of the project; its words stay")
            return words

        parts = re.split(r"(^```.*?^```[ \t]*$)", out, flags=re.DOTALL | re.MULTILINE)
        pattern = re.compile(
            r"(!?)\[((?:[^\[\]]|\{\{.*?\}\})*)\]\(([^()\s]*(?:\{\{.*?\}\}[^()\s]*)*)(?:\s+\"[^\"]*\")?\)"
        )
        return "".join(part if number % 2 else pattern.sub(link, part) for number, part in enumerate(parts))
