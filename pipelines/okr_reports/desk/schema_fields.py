"""The fields of a form, from the JSON schema of the definitions: a key that a model gains has its field at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from okr_reports.okrs.fields import ID_PATTERN
from okr_reports.okrs.models import DefinitionsFile

# The lists of a definitions file that the desk edits, and the definition of the schema that an entry follows.
LISTS = {"objective": "objectives", "kpi": "kpis", "note": "notes"}
_DEFINITIONS = {"objective": "Objective", "kpi": "Kpi", "note": "Note"}
# Keys that have pages of their own, and the one that a page is chosen by.
_ELSEWHERE = {"key_results", "measure", "type"}
_LONG = {"description", "text", "note"}
# What the ids under a key are ids of.
OF = {
    "kpi": "kpi", "kpis": "kpi", "team": "team", "parent": "objective", "period": "period", "measure": "measure",
    "numerator": "measure", "denominator": "measure", "on": "target", "owner": "person",
}  # fmt: skip
# Keys that most entries leave out; they fold.
RARE = {
    "weight", "contributors", "starts", "pauses", "kpis", "pace", "baseline_coverage", "approved", "initiatives",
    "min_denominator", "signed", "names", "dedupe", "allowed_misses", "parent", "ambition", "evidence",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One key of a definition as a form asks for it.

    `kind` is what is typed: id, line, long, texts, number, flag, day, choice, reference, references, lines, rows,
    group, word_or_number, number_or, days, conditions, or yaml for a shape that no form knows. `words` are those that
    may be chosen, `fields` the keys of an object or of each row; `of` is what an id is one of.
    """

    name: str
    kind: str
    required: bool = False
    default: str = ""
    words: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    of: str = ""
    takes_integers: bool = False
    is_share: bool = False
    is_long: bool = False

    @property
    def has_unit(self) -> bool:
        """Whether its numbers are of the unit of what is measured."""
        return self.name in ("baseline", "target", "low", "high")

    @property
    def is_rare(self) -> bool:
        return self.name in RARE and not self.required


@dataclass(frozen=True)
class EntryForm:
    """The fields of one kind of entry; `types` are those it may have."""

    kind: str
    fields: tuple[Field, ...]
    types: tuple[str, ...] = ()


@cache
def _schema() -> Mapping[str, Any]:
    return DefinitionsFile.model_json_schema()


@cache
def entry_form(kind: str, type_: str | None = None) -> EntryForm:
    """The form of an objective, key_result, measure, kpi or note; key results and measures are of a type.

    Raises KeyError for what there is none of.
    """
    definitions = _schema()["$defs"]
    if kind in _DEFINITIONS:
        return EntryForm(kind, _fields(definitions[_DEFINITIONS[kind]], kind))
    reference = _union(kind)["discriminator"]["mapping"][type_]
    return EntryForm(kind, _fields(_resolved({"$ref": reference}), kind), types_of(kind))


def types_of(kind: str) -> tuple[str, ...]:
    """The types that key results or measures may have, in the order of the documentation; none of other kinds."""
    if kind not in ("key_result", "measure"):
        return ()
    named = {reference: name for name, reference in _union(kind)["discriminator"]["mapping"].items()}
    return tuple(named[alternative["$ref"]] for alternative in _union(kind)["oneOf"])


def _union(kind: str) -> Mapping[str, Any]:
    objective = _schema()["$defs"]["Objective"]["properties"]
    union: Mapping[str, Any] = (
        objective["key_results"]["items"] if kind == "key_result" else _present(objective[kind])[0]
    )
    return union


def _fields(definition: Mapping[str, Any], kind: str) -> tuple[Field, ...]:
    required = set(definition.get("required", ()))
    skipped = _ELSEWHERE - ({"measure"} if kind == "kpi" else set())
    found = [
        replace(_field(name, node), required=name in required, default=_default(node))
        for name, node in definition["properties"].items()
        if name not in skipped
    ]
    # within each part in the order of the model; why a target changed comes behind the target
    return tuple(sorted(found, key=lambda field: 2 * field.is_rare + (field.name == "reason")))


def _default(node: Mapping[str, Any]) -> str:
    given = node.get("default")
    return str(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else ""


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    return _schema()["$defs"][reference.rpartition("/")[2]] if reference else node


def _present(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives of a node without null, those within one another laid open."""
    node = _resolved(node)
    inner = node.get("anyOf") or node.get("oneOf")
    if not inner or "discriminator" in node:
        return [node] if node.get("type") != "null" else []
    return [alternative for part in inner for alternative in _present(part)]


def _field(name: str, node: Mapping[str, Any]) -> Field:
    ways = _present(node)
    if len(ways) == 1:
        return _of_one_way(name, ways[0])
    shapes = [_shape(way) for way in ways]
    words = tuple(word for way in ways for word in way.get("enum", ()))
    inner = tuple(field for way, shape in zip(ways, shapes, strict=True) if shape == "object" for field in _inner(way))
    match set(shapes) - {"percent"}:
        case kinds if kinds <= {"number", "integer"}:
            return Field(name, "number", is_share=any(way.get("maximum") == 1 for way in ways))
        case kinds if kinds == {"text", "languages"}:
            return Field(name, "texts", is_long=name in _LONG)
        case kinds if kinds <= {"text", "integer"}:
            return Field(name, "reference" if name in OF else "line", of=OF.get(name, ""), takes_integers=True)
        case kinds if kinds == {"words", "days"}:
            return Field(name, "days", words=words)
        case kinds if kinds <= {"words", "number", "number or text"}:
            return Field(name, "word_or_number", words=words)
        case kinds if kinds == {"number", "object"}:
            return Field(name, "number_or", fields=inner)
        case kinds if kinds >= {"values", "list"}:
            return Field(name, "conditions")
    return Field(name, "yaml")


def _inner(node: Mapping[str, Any]) -> tuple[Field, ...]:
    required = set(node.get("required", ()))
    return tuple(
        replace(_field(name, part), required=name in required, default=_default(part))
        for name, part in node["properties"].items()
    )


def _of_one_way(name: str, node: Mapping[str, Any]) -> Field:
    shape = _shape(node)
    if shape in ("number", "integer"):
        return Field(name, "number")
    if shape == "words":
        return Field(name, "choice", words=tuple(node["enum"]))
    if shape == "object":
        return Field(name, "group", fields=_inner(node))
    if shape == "list":
        item = _resolved(node["items"])
        if "properties" in item:
            return Field(name, "rows", fields=_inner(item))
        is_known = name in OF and item.get("pattern") == ID_PATTERN
        return Field(name, "references" if is_known else "lines", of=OF.get(name, ""))
    if shape == "text":
        if name in OF:
            return Field(name, "reference" if OF[name] != "person" else "line", of=OF[name])
        return Field(name, "id" if name == "id" else "long" if name in _LONG else "line")
    return Field(name, {"flag": "flag", "day": "day"}.get(shape, "yaml"))


def _shape(node: Mapping[str, Any]) -> str:
    """What kind of value one alternative of the schema takes."""
    type_ = node.get("type")
    if "enum" in node:
        return "words"
    if isinstance(type_, list):
        return "number or text" if "number" in type_ else "values"
    if type_ == "string":
        pattern = node.get("pattern", "")
        return "percent" if "%" in pattern else "day" if pattern.startswith(r"^\d{4}-") else "text"
    if type_ == "object":
        if "properties" in node and "anyOf" not in node and set(node["properties"]) != {"like", "not"}:
            return "object"
        if "patternProperties" in node:
            return "days"
        names = node.get("propertyNames", {}).get("pattern", "")
        return "languages" if names == "^[a-z]{2,3}$" else "conditions"
    known = {"boolean": "flag", "array": "list", "integer": "integer", "number": "number"}
    return known.get(str(type_), "unknown")
