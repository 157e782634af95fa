"""Components: one file each, an HTML template with typed attributes in its front matter.

    ---
    about: One number with its comparison.
    display: block            # block (default) | inline
    needs: [[data, x, y], [metric]]   # optional: all of one of these must be given
    shares: [rows, titles]    # optional: sets of attributes in builtin/attributes.yaml
    body: none                # none (default) | markdown: a pair of tags with text between them
    child_of: [table]         # optional: it draws nothing and tells its parent
    attributes:
      data: {type: query, required: true, about: A query or a mart.}
      value: {type: measure, required: true}
      width: {type: choice, values: [narrow, wide], default: narrow}
    ---
    <p>{{ data[0][value] }}</p>

The same as a `.md` file is written as pages are: Markdown and tags.

A component may hold ```sql fences of its own; its attributes are bound there as ${attributes.name}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from okr_reports.common.plain_values import Table, shows
from okr_reports.errors import shown_path
from okr_reports.report_site.dialect.attribute_sets import NO_EFFECT, shared_attributes
from okr_reports.report_site.dialect.date_ranges import named_range
from okr_reports.report_site.dialect.tags import TagUse, Unknown
from okr_reports.report_site.faults import BadValue, PageFault, choose
from okr_reports.report_site.formats.format_codes import check_code
from okr_reports.report_site.source_files import NAME, SourceFile, read_whole

SHIPPED = Path(__file__).parents[1] / "builtin" / "components"
# Its entry points name packages whose folders hold component files as a workspace's `components/` does.
GROUP = "okr_reports.components"
TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float, Decimal),
    "integer": (int,),
    "boolean": (bool,),
    "choice": (str,),
    "query": (str,),
    "measure": (str,),
    "measures": (str, list, tuple),
    "column": (str,),
    "columns": (str, list, tuple),
    "format": (str,),
    "object": (dict,),
    "list": (list, tuple),
    "date": (str, date),
    "link": (str,),
    "date_range": (str, dict),
    "comparison": (dict,),
    "key_result": (str,),
    "objective": (str,),
    "value": (str, int, float, Decimal, date, bool, dict, list, tuple),
    "any": (object,),
}
# Evidence's names of the same types and keys
TYPE_NAMES = {"string": "text", "array": "list", "sql": "text", "filter": "text"}
# types whose values are ids: the mart that holds them, and what they are called
IDS = {"key_result": ("key_results", "key result"), "objective": ("objectives", "objective")}
KEY_NAMES = {"description": "about", "options": "values"}
COMPARISON: Mapping[str, tuple[str, ...]] = {
    "compare_vs": ("prior year", "prior period", "target"),
    "display_type": ("pct", "abs", "compared_value"),
    "target": (), "hide_pct": (), "pct_fmt": (), "abs_fmt": (), "text": (), "delta": (), "down_is_good": (),
    "neutral_range": (),
}  # fmt: skip
SAID = {
    "date_range": 'a range such as "last 28 days", or { range="last 28 days" date="date" }',
    "comparison": 'an object such as { compare_vs="prior year" }',
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object { name=value }",
    "list": "a list",
    "date": 'a date such as "2026-09-30"',
}
KEYS = (
    "about", "display", "body", "child_of", "attributes", "group", "type", "description", "preview", "needs", "shares",
)  # fmt: skip
ATTRIBUTE_KEYS = ("type", "required", "default", "values", "about", "fields")


@dataclass(frozen=True)
class Attribute:
    """One attribute. `values` are a choice's; `fields` the known names of an object."""

    name: str
    type: str
    required: bool
    default: Any
    values: tuple[str, ...]
    fields: tuple[str, ...]
    about: str

    def check(self, value: Any) -> None:
        """Raises BadValue when `value` is not of this attribute's type."""
        kinds = TYPES[self.type]
        if self.type == "query" and isinstance(value, Table):
            return
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
            said = SAID.get(self.type, "a text in quotes")
            raise BadValue(f"the attribute {self.name!r} is {value!r}", f"give {said}")
        if self.type == "choice" and value not in self.values:
            what = f"the attribute {self.name!r} cannot be {value!r}"
            raise BadValue(what, choose(str(value), self.values, "values"))
        if self.type == "format":
            check_code(str(value))
        if self.type == "date" and isinstance(value, str):
            _check_date(self.name, value)
        if self.type == "date_range":
            self._check_range(value)
        if self.type == "comparison":
            self._check_comparison(value)
        if self.type == "object" and self.fields:
            self._check_fields(value, self.fields)

    def _check_fields(self, value: Mapping[str, Any], fields: Iterable[str]) -> None:
        for field in value:
            if field not in fields and f"{self.name}.{field}" not in NO_EFFECT:
                raise BadValue(f"{self.name!r} has no {field!r}", choose(field, fields, "fields"))

    def _check_range(self, value: Any) -> None:
        if isinstance(value, dict):
            self._check_fields(value, ("range", "date"))
            value = value.get("range", "all time")
        if isinstance(value, str):
            named_range(value, date(2024, 1, 1))

    def _check_comparison(self, value: Mapping[str, Any]) -> None:
        self._check_fields(value, COMPARISON)
        for field, known in COMPARISON.items():
            given = value.get(field)
            if known and isinstance(given, str) and given not in known:
                raise BadValue(f"{field!r} of {self.name!r} cannot be {given!r}", choose(given, known, "values"))
        for field in ("pct_fmt", "abs_fmt"):
            if isinstance(value.get(field), str):
                check_code(value[field])


def _check_date(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise BadValue(f"the attribute {name!r} is {value!r}", "write the date as 2026-09-30") from None


@dataclass(frozen=True)
class Component:
    """A component as its file describes it."""

    name: str
    file: SourceFile
    about: str
    group: str
    inline: bool
    has_body: bool
    child_of: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    needs: tuple[tuple[str, ...], ...] = ()

    def check(self, given: Mapping[str, Any]) -> list[tuple[str, BadValue]]:
        """What is wrong with a use: (attribute or '', why). Values that are Unknown pass."""
        wrong: list[tuple[str, BadValue]] = []
        for name, value in given.items():
            attribute = self.attributes.get(name)
            if attribute is None and name in NO_EFFECT and self.file.path.is_relative_to(shown_path(SHIPPED)):
                continue
            if attribute is None:
                todo = choose(name, self.attributes, "attributes")
                wrong.append((name, BadValue(f"{self.name!r} has no attribute {name!r}", todo)))
            elif value is not Unknown and value is not None:
                try:
                    attribute.check(value)
                except BadValue as error:
                    wrong.append((name, error))
        for attribute in self.attributes.values():
            if attribute.required and attribute.name not in given:
                what = f"{self.name!r} needs the attribute {attribute.name!r}"
                wrong.append(("", BadValue(what, f"add {attribute.name}=...")))
        if self.needs and not any(all(name in given for name in names) for names in self.needs):
            names = max(self.needs, key=lambda names: sum(name in given for name in names))
            lacking = [name for name in names if name not in given]
            others = [" ".join(f"{name}=..." for name in other) for other in self.needs if other != names]
            todo = (
                f"add {' '.join(f'{name}=...' for name in lacking)}{''.join(f', or give {other}' for other in others)}"
            )
            wrong.append(("", BadValue(f"{self.name!r} needs the attribute {lacking[0]!r}", todo)))
        return wrong

    def without_effect(self, use: TagUse) -> Iterator[tuple[int, str, str]]:
        """Attributes of a tag that change nothing here: line, name, why."""
        for name, value in use.given.items():
            attribute, line = self.attributes.get(name), use.lines[name]
            if attribute is None and name in NO_EFFECT:
                yield line, name, NO_EFFECT[name]
            known = attribute.fields if attribute is not None else ()
            for field in value if known and isinstance(value, dict) else ():
                if field not in known and f"{name}.{field}" in NO_EFFECT:
                    yield line, f"{name}.{field}", NO_EFFECT[f"{name}.{field}"]

    def check_use(self, path: Path | str, use: TagUse) -> list[PageFault]:
        """The same for a tag as written, with its lines; also where it may stand."""
        faults = [error.at(path, use.lines.get(name, use.line)) for name, error in self.check(use.given)]
        if self.child_of and use.parent not in self.child_of:
            homes = " or ".join(f"{{% {name} %}}" for name in self.child_of)
            faults.append(PageFault(path, use.line, f"{self.name!r} stands alone", f"put it inside {homes}"))
        return faults


shows(Attribute, "name", "type", "required", "default", "values", "fields", "about")
shows(Component, "name", "about", "group", "inline", "has_body", "child_of", "attributes")


def installed_folders() -> tuple[list[Path], list[PageFault]]:
    """Folders of component files that installed packages bring: the package that an entry point of GROUP names."""
    folders: list[Path] = []
    faults: list[PageFault] = []
    for entry in entry_points(group=GROUP):
        try:
            folders.append(Path(str(files(entry.value))))
        except (ImportError, TypeError) as error:
            whose = f"{entry.dist.name if entry.dist else 'a package'}: the entry point {entry.name} of {GROUP}"
            what = f"its components cannot be read ({error})"
            faults.append(PageFault(whose, 1, what, "upgrade or uninstall that package"))
    return folders, faults


def load_components(folders: Iterable[Path]) -> tuple[dict[str, Component], list[PageFault]]:
    """All components of the folders, the package's first. A workspace's own may not take a shipped name."""
    found: dict[str, Component] = {}
    faults: list[PageFault] = []
    for folder in (SHIPPED, *folders):
        for path in sorted((*folder.glob("*.html"), *folder.glob("*.md"))):
            try:
                component = read_component(path)
                if component.name in found:
                    first = found[component.name].file.path
                    what = f"there is a component {component.name!r} already, {first}, which is used"
                    raise component.file.fault("about", what, "rename this file")
                found[component.name] = component
            except PageFault as fault:
                faults.append(fault)
    for component in found.values():
        for parent in component.child_of:
            if parent not in found:
                todo = choose(parent, found, "components")
                faults.append(component.file.fault("child_of", f"there is no component {parent!r}", todo))
    return found, faults


def read_component(path: Path) -> Component:
    """Read one component file. Raises PageFault."""
    file = read_whole(path)
    if not NAME.match(path.stem):
        raise file.fault("", f"a component cannot be called {path.stem!r}", "use a-z, 0-9 and _, a letter first")
    for key in file.front:
        if key not in KEYS:
            raise file.fault(key, f"components have no {key!r}", choose(key, KEYS, "keys"))
    front = file.front
    display, body = front.get("display", "block"), front.get("body", "none")
    if display not in ("block", "inline"):
        raise file.fault("display", f"display is {display!r}", "write block or inline")
    if body not in ("none", "markdown"):
        raise file.fault("body", f"body is {body!r}", "write none or markdown")
    attributes = front.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise file.fault("attributes", "attributes is not a list of names", "write `name: {type: text}`")
    attributes = dict(attributes)
    for name in front.get("shares", ()):
        if name not in shared_attributes():
            todo = choose(str(name), shared_attributes(), "sets")
            raise file.fault("shares", f"there is no set of attributes {name!r}", todo)
        attributes = {
            **attributes,
            **{attribute: of for attribute, of in shared_attributes()[name].items() if attribute not in attributes},
        }
    if attributes.get("data", {}).get("type") == "query":
        attributes.setdefault("filters", {"type": "list", "about": "Ids of inputs whose choices the rows must meet."})
    return Component(
        name=path.stem,
        file=file,
        about=str(front.get("about") or front.get("description") or ""),
        group=str(front.get("group", "own")),
        inline=display == "inline",
        has_body=body == "markdown",
        child_of=tuple(front.get("child_of", ())),
        needs=tuple(tuple(names) for names in front.get("needs", ())),
        attributes={name: _attribute(file, name, value) for name, value in attributes.items()},
    )


def _attribute(file: SourceFile, name: str, described: Any) -> Attribute:
    if not isinstance(described, dict) or "type" not in described:
        raise file.fault("attributes", f"the attribute {name!r} has no type", f"write `{name}: {{type: text}}`")
    described = {KEY_NAMES.get(key, key): value for key, value in described.items()}
    for key in described:
        if key not in ATTRIBUTE_KEYS:
            raise file.fault("attributes", f"the attribute {name!r} has {key!r}", choose(key, ATTRIBUTE_KEYS, "keys"))
    kind = TYPE_NAMES.get(described["type"], described["type"])
    if kind not in TYPES:
        raise file.fault("attributes", f"the attribute {name!r} has the type {kind!r}", choose(kind, TYPES, "types"))
    return Attribute(
        name,
        kind,
        bool(described.get("required", False)),
        described.get("default"),
        tuple(str(value) for value in described.get("values", ())),
        tuple(described.get("fields", ())),
        str(described.get("about", "")),
    )
