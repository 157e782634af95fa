"""One page of a project as a page here. What has no like here is left out and listed with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from okr_reports.adding.evidence.expressions import expression, literal
from okr_reports.adding.evidence.html import as_markdown
from okr_reports.adding.evidence.inputs import INPUTS, NOT_HERE, Fixed, fixed_in_sql, steps
from okr_reports.adding.evidence.links import with_links
from okr_reports.adding.evidence.markup import FENCE, Piece, pieces
from okr_reports.adding.evidence.named import Note, Project
from okr_reports.adding.evidence.queries import columns_of, is_sql, name_of, pages_of, rewritten
from okr_reports.adding.evidence.tags import AS_TABLE, KNOWN, PAIRS, UNWRAPPED, Tag, Written, made
from okr_reports.report_site.dialect.tags import Unknown

SHOWN = ("text", "txt", "sh", "bash", "console", "python", "yaml", "json", "html", "markdown", "md", "javascript", "js",
         "svelte", "r", "css", "mermaid")  # fmt: skip
KEPT_KEYS = {"title": str, "description": str, "sidebar_position": int, "name": str}


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
    fixed: dict[str, Fixed] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

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
        shared = self._shared_that_are_bound(body)
        body = FENCE.sub(lambda match: self._fence(match, body, above), body)
        out = "".join(self._piece(piece, above) for piece in pieces(body))
        out = with_links(re.sub(r"\n{4,}", "\n\n\n", out), self.project, text, self.note)
        self._make_front(front, out)
        return (
            "---\n"
            + yaml.safe_dump(self.front, allow_unicode=True, sort_keys=False)
            + "---\n"
            + self._head()
            + shared
            + out
        )

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
        for query in front.get("queries") or ():
            for alias, path in query.items() if isinstance(query, dict) else [(None, str(query))]:
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

    def _shared_that_are_bound(self, body: str) -> str:
        """The project's queries that name inputs or parameters, as queries of this page, which names them."""
        named = {written for written in self.names if re.search(rf"\{{[^{{}}]*\b{re.escape(written)}\b", body)}
        wanted = [self.names[written] for written in sorted(named)]
        for name in wanted:
            for reference in re.findall(r"\$\{\s*(\w+)\s*\}", self.project.bound.get(name, "")):
                other = self.names.get(reference, name_of(reference))
                wanted += [other] if other not in wanted else []
        made = ""
        for name in dict.fromkeys(wanted):
            if name in self.project.bound and name not in self.queries:
                sql = fixed_in_sql(self.project.bound[name], self.fixed)
                self.queries[name] = rewritten(sql, self.project.tables, self.names, self.listed)
                made += f"```sql {name}\n{self.queries[name]}\n```\n"
        return made

    def _query_name(self, match: re.Match[str]) -> str | None:
        info = match["info"].split()
        looks = is_sql(match["sql"])
        if info and info[0].lower() == "sql":
            return info[1] if len(info) > 1 else None
        return info[0] if info and looks and info[0].lower() not in SHOWN else None

    def _fence(self, match: re.Match[str], body: str, above: int) -> str:
        name = self._query_name(match)
        if name is None:
            shown = match["info"].strip().lower()
            return match[0] if shown and shown != "sql" else f"```text\n{match['sql']}```"
        line = above + body.count("\n", 0, match.start()) + 1
        sql = fixed_in_sql(match["sql"].rstrip().rstrip(";"), self.fixed)
        sql = rewritten(sql, self.project.tables, self.names, self.listed)
        for reference in re.finditer(r"\$\{\s*inputs\.(\w+)", sql):
            if reference[1] not in self.inputs:
                self.note(line, f"the input {reference[1]!r} of the query {name!r}", "is not among those of the page")
        if self.names[name] in self.queries:
            self.note(line, f"the query {name!r}", "is there twice; the second one is left out")
            return ""
        self.queries[self.names[name]] = sql
        return f"```sql {self.names[name]}\n{sql}\n```"

    def _renamed_inputs(self, body: str) -> str:
        """Inputs that have the name of a query, or one with other letters than a name here has, get another one."""
        taken = {*self.names, *self.names.values()}
        for piece in list(pieces(body)):
            name = str(literal(piece.attributes.get("name", '""'))) if piece.name in INPUTS else ""
            plain = re.sub(r"\W", "_", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
            wanted = f"{plain}_input" if plain in taken or name in taken else plain
            if piece.kind == "tag" and name and wanted != name:
                body = re.sub(rf"\binputs\.{re.escape(name)}(?!\w)", f"inputs.{wanted}", body)
                body = body.replace(
                    piece.text, re.sub(rf"(\bname\s*=\s*[\"'{{]*){re.escape(name)}(?!\w)", rf"\1{wanted}", piece.text)
                )
        return body

    def _find_inputs(self, body: str) -> None:
        last, of_data = "", False
        for piece in pieces(body):
            if piece.kind == "tag" and piece.name in NOT_HERE and piece.attributes.get("name"):
                name = str(literal(piece.attributes["name"]))
                written = literal(piece.attributes.get("defaultValue", '""')) if piece.name == "TextInput" else None
                self.fixed[name] = Fixed(NOT_HERE[piece.name] if written is None else str(written))
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
            return self.end_of(piece.name)
        if piece.kind in ("tag", "end"):
            return as_markdown(piece, line, self)
        return piece.text

    @property
    def _known(self) -> set[str]:
        return {*self.names, *self.names.values(), *self.loops, "inputs", "params"}

    def _expression(self, js: str) -> str | None:
        found = expression(js, self._known)
        if found is None or any(name not in self.inputs for name in re.findall(r"\binputs\.(\w+)", found)):
            return None
        found = re.sub(r"\bparams\.(\w+)", lambda match: f"params.{name_of(match[1])}", found)
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
            url = str(self.value(piece.attributes.get("url") or piece.attributes.get("href") or "", line))
            if pair:
                self.ends.append((name, f"]({url.strip('/') and url})"))
                return "["
            return f"[{url}]({url})"
        if name in ("DropdownOption", "ButtonGroupItem") and any(
            parent in INPUTS and not end for parent, end in self.ends
        ):
            return ""
        given = self._given(piece, line)
        if name in INPUTS and given.get("name") in self.shown:
            self.note(line, f"<{name}>", f"the input {given['name']!r} is there already, and chooses for both")
            return self._open(name, "") if pair else ""
        if name in INPUTS:
            self.shown.add(str(given.get("name")))
        if name in NOT_HERE and given.get("name"):
            what = f"{self.fixed[str(given['name'])].text!r}" if str(given["name"]) in self.fixed else "nothing"
            self.note(line, f"<{name}>", f"what it chooses is {what}, as before anything is chosen")
        if name == "Slider":
            self.note(line, f"<{name}>", "its steps are values to choose from")
            given["options"] = [Written(step) for step in steps(given, given.get("defaultValue"))]
            first = given.get("defaultValue")
            given["defaultValue"] = first if isinstance(first, int | float) else given.get("min", 0)
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
        """Whether the tag cannot stand here; attributes whose values cannot be there are taken from it."""
        component = self.project.components[tag.name]
        if component.child_of and not any(
            f"/{parent} " in end for parent in component.child_of for _, end in self.ends
        ):
            self.note(line, f"<{name}>", "what it is of is left out, and so is this")
            return True
        given = {
            attribute: Unknown if isinstance(value, Written) else value for attribute, value in tag.attributes.items()
        }
        lacking = [str(error.what) for attribute, error in component.check(given) if not attribute]
        for attribute, error in component.check(given):
            if attribute:
                del tag.attributes[attribute]
                self.note(line, f"{attribute} of <{name}>", f"{error.what}; it is left out")
        if lacking:
            self.note(line, f"<{name}>", f"{lacking[0]}; it is left out")
        return bool(lacking)

    def _open(self, name: str, end: str, drop: bool = False) -> str:
        self.ends.append((name, end))
        return ""

    def end_of(self, name: str) -> str:
        """What closes the tag that was opened last by that name."""
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
                    inside = self.value("{" + narrowed[3] + "}", line)
                    if inside is not None and not (how == "where" and isinstance(inside, str) and "{{" in inside):
                        given[how] = inside
                elif changed := re.match(r"(\w+)\.\w+\(", query):
                    query = changed[1]
                    self.note(line, written.splitlines()[0][:60], "all rows of the query are shown")
                given[name] = self.names.get(query, name_of(query) if query.isidentifier() else query)
                continue
            value = written.strip("{}\"' ") if name.lower().endswith("fmt") else self.value(written, line)
            if value is not None:
                given[name] = value
        return given

    def value(self, written: str, line: int) -> Any:
        """An attribute's value for a tag here; None, and listed, for what has no like."""
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
