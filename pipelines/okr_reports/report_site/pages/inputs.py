"""Inputs of a page: what a reader may choose, known when the page is built.

    {% dropdown id="region" data="orders" value_column="region" /%}
    {% range_calendar id="days" default_range="last 30 days" /%}

    ```sql sales
    select sum(sales) as sales from orders where region = ${inputs.region} and day {{ days.between }}
    ```

Every combination of choices is rendered (variants.py), so there may be at most MAX_VARIANTS on a page. A choice is
bound in SQL, as every value is; the text of one goes into SQL only where the page's author wrote it as an option.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from okr_reports.report_site.dialect.date_ranges import FIRST, LAST_DAY, named_range
from okr_reports.report_site.dialect.tags import TagUse, Unknown
from okr_reports.report_site.faults import BadValue, PageFault, choose
from okr_reports.report_site.queries.queries import PIECE
from okr_reports.report_site.queries.shaping import COLUMN
from okr_reports.report_site.source_files import Query

MAX_VARIANTS = 50
TAGS = ("dropdown", "button_group", "input_tabs", "toggle", "date_grain_selector", "range_calendar")
WRITTEN = re.compile(rf"\{{%[-+]?\s*({'|'.join(TAGS)})\b")
RANGES = (
    "last 7 days", "last 30 days", "last 3 months", "last 6 months", "last 12 months", "month to date", "year to date",
    "all time",
)  # fmt: skip
GRAINS = ("day", "week", "month", "quarter", "year")
# `${inputs.region.value}` and `{{ region.filter }}`; what is behind a bar is Core's value for nothing chosen
REFERENCE = re.compile(
    r"\$\{\s*inputs\.(?P<a>\w+)(?:\.(?P<b>\w+))?\s*\}"
    r"|\{\{\s*(?:inputs\.)?(?P<c>\w+)(?:\.(?P<d>\w+))?\s*(?:\|[^}]*)?\}\}"
)
# Core's part of a statement that is left out where nothing is chosen
OPTIONAL = re.compile(r"\[\[((?:[^\[\]]|\[(?!\[)|\](?!\]))*?(?:\{\{|\$\{).*?)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """One of the values; None where nothing is chosen. `days` are a range's."""

    value: Any
    label: str
    days: tuple[date, date] | None = None

    @property
    def code(self) -> str:
        """What the address of the page says for it."""
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True)
class Input:
    """One input as its tag and the options in it describe it. `given` are the attributes known without rendering."""

    id: str
    tag: str
    line: int
    given: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[Choice, ...] = ()

    @property
    def is_range(self) -> bool:
        return self.tag == "range_calendar"

    @property
    def is_written(self) -> bool:
        """Whether the page's author wrote its values, so that they may be part of SQL."""
        return bool(self.options) and not self.given.get("data")

    @property
    def title(self) -> str:
        return str(self.given.get("title") or self.given.get("label") or "")

    def condition(self) -> str:
        """What rows it leaves, as SQL with bound names. Raises BadValue without a column."""
        column = self.given.get("value_column")
        if not column:
            todo = f'add value_column="..." to {{% {self.tag} id="{self.id}" %}}'
            raise BadValue(f"the input {self.id!r} does not say which column it filters by", todo)
        named = f'"{column}"' if COLUMN.fullmatch(str(column)) else f"({column})"
        if self.is_range:
            return f"{named} between $inputs_{self.id}_start and $inputs_{self.id}_end"
        return f"($inputs_{self.id} is null or {named} = $inputs_{self.id})"


@dataclass(frozen=True)
class Chosen:
    """One choice of an input."""

    input: Input
    choice: Choice

    def values(self) -> dict[str, object]:
        """What SQL may bind, by name."""
        name, choice = self.input.id, self.choice
        if self.input.is_range:
            first, last = choice.days or (FIRST, LAST_DAY)
            return {f"{name}_start": first, f"{name}_end": last, f"{name}_range": choice.value}
        return {name: choice.value, f"{name}_label": choice.label}

    def shown(self) -> dict[str, Any]:
        """What templates see of it."""
        name, choice = self.input.id, self.choice
        seen: dict[str, Any] = {"input": name, "value": choice.value, "label": choice.label, "literal": choice.code}
        if self.input.is_range:
            first, last = choice.days or (FIRST, LAST_DAY)
            between = f"between $inputs_{name}_start and $inputs_{name}_end"
            # by keyword: a key-result type has the last name but one, and no text of Python is one
            seen |= dict(start=first, end=last, range=choice.value, between=between, selected=between)  # noqa: C408
        else:
            seen["selected"] = f"$inputs_{name}"
        if self.input.given.get("value_column"):
            seen["filter"] = self.input.condition()
        return seen

    def sql(self, part: str | None) -> str:
        """What a reference in SQL becomes. Raises BadValue for a part that there is not."""
        name = self.input.id
        if part == "filter":
            return re.sub(r"\$inputs_(\w+)", r"${inputs.\1}", f"({self.input.condition()})")
        if self.input.is_range:
            start, end, literal = (f"${{inputs.{name}_{part_of}}}" for part_of in ("start", "end", "range"))
            between = f"between {start} and {end}"
            known = dict(start=start, end=end, range=literal, literal=literal, between=between)  # noqa: C408
            if part is not None and part not in known:
                raise BadValue(f"the input {name!r} has no {part!r}", choose(part, [*known, "filter"], "parts"))
            return known[part] if part else between
        if part == "literal":
            if not self.input.is_written:
                todo = f"write ${{inputs.{name}}}, which is bound, or list the values as {{% option value=... /%}}"
                raise BadValue(f"the text of {name!r} comes from data and is no part of SQL", todo)
            return self.choice.code
        if part not in (None, "value", "selected", "label"):
            todo = choose(str(part), ["value", "selected", "label", "literal", "filter"], "parts")
            raise BadValue(f"the input {name!r} has no {part!r}", todo)
        return f"${{inputs.{name}_label}}" if part == "label" else f"${{inputs.{name}}}"


def inputs_of(path: object, uses: Sequence[TagUse]) -> tuple[dict[str, Input], list[PageFault]]:
    """The inputs of a page by their ids, from its tags as written, and what they have wrong."""
    found: dict[str, Input] = {}
    faults: list[PageFault] = []
    last: Input | None = None
    for use in uses:
        if use.name == "option" and last is not None:
            value = use.given.get("value")
            option = Choice(value, str(use.given.get("label") or value))
            last = found[last.id] = replace(last, options=(*last.options, option))
        if use.name not in TAGS:
            continue
        name = use.given.get("id")
        if not isinstance(name, str) or not COLUMN.fullmatch(name):
            faults.append(PageFault(str(path), use.line, f"an input cannot be called {name!r}", "use a-z, 0-9 and _"))
            continue
        if name in found:
            faults.append(PageFault(str(path), use.line, f"there are two inputs called {name!r}", "rename one"))
            continue
        given = {key: value for key, value in use.given.items() if value is not Unknown}
        last = found[name] = Input(name, use.name, use.line, given, _listed(use.name, given))
    return found, faults


def _listed(tag: str, given: Mapping[str, Any]) -> tuple[Choice, ...]:
    if tag == "toggle":
        return (Choice(False, "–"), Choice(True, "✓"))
    if tag == "date_grain_selector":
        return tuple(Choice(str(grain), str(grain)) for grain in given.get("preset_values") or GRAINS)
    return tuple(Choice(value, str(value)) for value in given.get("options") or ())


def prepared(query: Query, chosen: Mapping[str, Chosen]) -> Query:
    """A query with its references to inputs as names to bind, on the same lines. Raises PageFault."""
    if not chosen or not ("${" in query.sql or "{{" in query.sql):
        return query

    def optional(match: re.Match[str]) -> str:
        named = [chosen[name] for name in map(_name, REFERENCE.finditer(match[1])) if name in chosen]
        is_empty = any(choice.choice.value is None or choice.choice.value == "all time" for choice in named)
        return "\n" * match[0].count("\n") if is_empty else f" {match[1]} "

    def reference(match: re.Match[str]) -> str:
        name, part = _name(match), match["b"] or match["d"]
        if name not in chosen:
            return match[0]
        try:
            return chosen[name].sql(part)
        except BadValue as error:
            raise error.at(query.path, query.line + match.string[: match.start()].count("\n")) from None

    def piece(match: re.Match[str]) -> str:
        if match[0].startswith("'"):
            return _text(match[0], chosen, reference)
        return REFERENCE.sub(reference, match[0]) if match[0][0] in "${" else match[0]

    return replace(query, sql=PIECE.sub(piece, OPTIONAL.sub(optional, query.sql)))


def _name(match: re.Match[str]) -> str:
    return str(match["a"] or match["c"])


def _text(quoted: str, chosen: Mapping[str, Chosen], reference: Any) -> str:
    """A text of SQL that names inputs: the value where it is nothing else, put together with it otherwise."""
    inside = quoted[1:-1]
    found = [match for match in REFERENCE.finditer(inside) if _name(match) in chosen]
    if not found:
        return quoted
    if len(found) == 1 and found[0][0] == inside:
        part = found[0]["b"] or found[0]["d"]
        return f"'{reference(found[0])}'" if part == "literal" else reference(found[0])
    pieces, at = [], 0
    for match in found:
        pieces += [f"'{inside[at : match.start()]}'"] * (match.start() > at) + [reference(match)]
        at = match.end()
    pieces += [f"'{inside[at:]}'"] * (at < len(inside))
    return f"concat({', '.join(pieces)})"


def range_choices(input_: Input, through: date, write: Any, everything: str) -> tuple[list[Choice], int]:
    """The ranges of a calendar and the place of the one shown first. Raises BadValue for one that there is not."""
    first = str(input_.given.get("default_range") or input_.given.get("defaultRange") or "all time")
    named = [str(text) for text in input_.given.get("preset_ranges") or ()]
    own = [each for each in input_.given.get("custom_ranges") or () if isinstance(each, dict)]
    labels = {str(each["range"]): str(each["label"]) for each in own if each.get("label") and each.get("range")}
    named = list(
        dict.fromkeys(" ".join(text.lower().split()) for text in (*(named or (() if own else RANGES)), *labels))
    )
    first = " ".join(first.lower().split())
    if first not in named:
        named.insert(0, first)
    choices = []
    for text in named:
        days = named_range(text, through)
        said = everything if days is None else f"{write(days[0])} – {write(min(days[1], max(through, days[0])))}"
        choices.append(Choice(text, labels.get(text, said), days))
    return choices, named.index(first)


def listed_choices(input_: Input, rows: Sequence[tuple[Any, str]], everything: str) -> tuple[list[Choice], int]:
    """The values of a dropdown or of buttons, and the place of the one shown first. Raises BadValue."""
    choices = [*input_.options, *(Choice(value, label) for value, label in rows)]
    choices = list({choice.code: choice for choice in choices if choice.value is not None}.values())
    wanted = input_.given.get("initial_value")
    wanted = wanted[0] if isinstance(wanted, list | tuple) and wanted else wanted
    if not choices:
        raise BadValue(f"the input {input_.id!r} has nothing to choose from", "name a query with rows, or add options")
    if wanted not in (None, "", []):
        codes = [choice.code for choice in choices]
        if str(wanted) in codes:
            return choices, codes.index(str(wanted))
        labels = [choice.label for choice in choices]
        if str(wanted) in labels:
            return choices, labels.index(str(wanted))
        if str(wanted).lower() not in ("all", "%"):
            todo = choose(str(wanted), codes, "values")
            raise BadValue(f"initial_value={wanted!r} is none of the values of {input_.id!r}", todo)
    if input_.tag in ("input_tabs", "toggle", "date_grain_selector") or input_.given.get("select_first"):
        return choices, 0
    return [Choice(None, str(input_.given.get("placeholder") or everything)), *choices], 0
