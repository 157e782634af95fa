"""KPIs and the rows they are taken from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from okr_reports.okrs.fields import ID_PATTERN, Amount, Description, Flag, Id, Title, choice, refuse
from okr_reports.okrs.place import Located, Place
from okr_reports.okrs.words import shown
from okr_reports.okrs.yaml_reader import Mapping

# The channel that models of the workspace are, each an account of it.
OWN_MODELS = "own_models"


@dataclass(frozen=True)
class Condition:
    """One condition on the rows of a KPI; operator is in, like, not_in or not_like."""

    operator: Literal["in", "like", "not_in", "not_like"]
    values: tuple[str, ...]

    def lets_through(self, text: str) -> bool:
        """Whether a row with this text meets it; letters count as written."""
        if self.operator in ("in", "not_in"):
            found = text in self.values
        else:
            found = any(like(pattern).fullmatch(text) for pattern in self.values)
        return found == (self.operator in ("in", "like"))


def like(pattern: str) -> re.Pattern[str]:
    """% is any text, everything else is itself."""
    return re.compile("".join(".*" if letter == "%" else re.escape(letter) for letter in pattern), re.DOTALL)


def _where_values(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise refuse("the list is empty, so nothing would be counted", "name a value, or remove the key")
    texts = []
    for item in items:
        text = str(item) if isinstance(item, int) and not isinstance(item, bool) else item
        if not isinstance(text, str) or not text:
            raise refuse(f"{shown(item)} stands where a text belongs", "put it in quotes")
        if "\x00" in text:
            raise refuse("a NUL character is in the text", "remove it")
        texts.append(text)
    return tuple(texts)


def conditions(value: Any) -> tuple[Condition, ...]:
    """The conditions on one field: a text, a list, {like: pattern}, {not: any of these}."""
    if not isinstance(value, dict):
        return (Condition("in", _where_values(value)),)
    found: list[Condition] = []
    for operator, operand in value.items():
        if operator == "like":
            found.append(Condition("like", _where_values(operand)))
        elif operator == "not" and isinstance(operand, dict):
            if list(operand) != ["like"]:
                raise refuse("only `like` may stand under `not`", "write {not: value} or {not: {like: pattern}}")
            found.append(Condition("not_like", _where_values(operand["like"])))
        elif operator == "not":
            found.append(Condition("not_in", _where_values(operand)))
        else:
            raise refuse(f"{shown(operator)} is not a condition", "use a text, a list, {like: pattern} or {not: value}")
    if not found:
        raise refuse("the condition is empty", "use a text, a list, {like: pattern} or {not: value}")
    return tuple(found)


_VALUES_SCHEMA = {
    "anyOf": [
        {"type": ["string", "integer"]},
        {"type": "array", "minItems": 1, "items": {"type": ["string", "integer"]}},
    ]
}
_LIKE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["like"],
    "properties": {"like": _VALUES_SCHEMA},
}
_CONDITIONS_SCHEMA: Any = {
    "anyOf": [
        *_VALUES_SCHEMA["anyOf"],
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {"like": _VALUES_SCHEMA, "not": {"anyOf": [*_VALUES_SCHEMA["anyOf"], _LIKE_SCHEMA]}},
        },
    ]
}
Conditions = Annotated[tuple[Condition, ...], PlainValidator(conditions), WithJsonSchema(_CONDITIONS_SCHEMA)]


class Where(Located):
    """Which campaign-days belong to a KPI: those that meet every condition."""

    # over a model the keys are its columns
    model_config = ConfigDict(json_schema_extra={"additionalProperties": _CONDITIONS_SCHEMA})

    channel: Conditions = ()
    account_id: Conditions = ()
    account_name: Conditions = ()
    campaign_group_name: Conditions = ()
    campaign_id: Conditions = ()
    campaign_name: Conditions = ()
    source_file: Conditions = ()

    def items(self) -> list[tuple[str, Condition]]:
        """Field and condition, in the order of the fields above."""
        return [(name, condition) for name in type(self).model_fields for condition in getattr(self, name)]


class ModelWhere(Where):
    """Which rows of a model of the workspace belong to a KPI: those that meet every condition on its columns."""

    columns: tuple[tuple[str, Condition], ...] = ()

    def items(self) -> list[tuple[str, Condition]]:
        return list(self.columns)


def _where(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Where:
    """The conditions: on campaign-days, or on the columns of the model that the KPI names."""
    if not info.data.get("model") or not isinstance(value, Mapping):
        found: Where = handler(value)
        return found
    for column in value:
        if not re.fullmatch(ID_PATTERN, column):
            raise refuse(f"{shown(column)} cannot be a column of a model", "use lower-case letters, digits and _")
    pairs = tuple((column, condition) for column in value for condition in conditions(value[column]))
    where = ModelWhere.model_construct(columns=pairs)
    where._place = Place(value.path, value.line, value.lines)
    return where


class Kpi(Located):
    """One number with one meaning: how it is added up, over which rows, and which way is better."""

    id: Id
    title: Title | None = None
    description: Description | None = None
    kind: Annotated[Literal["flow", "ratio", "stock", "distinct"], *choice("flow", "ratio", "stock", "distinct")]
    # Over a model of the workspace: its column of days, and those that are added up.
    model: Id | None = None
    date: Id | None = None
    value: Id | None = None
    measure: Id | None = None
    numerator: Id | None = None
    denominator: Id | None = None
    where: Annotated[Where, WrapValidator(_where)] = Field(default_factory=Where)
    unit: Annotated[str, *choice("count", "currency", "percent", "days", "number")] = "number"
    better: Annotated[str, *choice("higher", "lower", "neutral")] = "neutral"
    # A ratio over less says nothing of a unit of time.
    min_denominator: Amount | None = None
    # Whether a flow may be negative on its own: margins, balances.
    signed: Flag = False
    names: Annotated[str, *choice("latest")] | None = None
    dedupe: Annotated[str, *choice("acknowledged")] | None = None

    @model_validator(mode="after")
    def _has_its_measures(self) -> Self:
        needed: tuple[str, ...] = ("numerator", "denominator") if self.kind == "ratio" else ("measure",)
        if self.model is not None:
            needed = ("date", *(("value",) if self.kind != "ratio" else needed))
        missing = [name for name in needed if getattr(self, name) is None]
        amounts = ("date", "value", "measure", "numerator", "denominator")
        extra = [name for name in amounts if name not in needed and getattr(self, name)]
        if missing:
            over = " over a model" if self.model else ""
            raise refuse(f"a {self.kind} KPI{over} has no {' and no '.join(missing)}", f"write {' and '.join(needed)}")
        if self.model is not None and self.kind == "distinct":
            raise refuse("days of a model cannot say who came on several of them", "use kind: flow, ratio or stock")
        if self.model is not None and (self.names or self.dedupe):
            key = "names" if self.names else "dedupe"
            raise refuse(f"`{key}` is of channels, and a model says its own", f"remove `{key}`")
        if self.min_denominator is not None and self.kind != "ratio":
            raise refuse(f"a {self.kind} KPI has no denominator", "remove `min_denominator`")
        if self.min_denominator is not None and self.min_denominator <= 0:
            raise refuse(f"min_denominator: {shown(self.min_denominator)} asks for nothing", "write a number above 0")
        if self.signed and self.kind != "flow":
            raise refuse(f"signed: a {self.kind} may be negative anyway", "remove `signed`")
        if extra:
            over = " over a model" if self.model else ""
            todo = f"remove it; a {self.kind}{over} has {' and '.join(needed)}"
            raise refuse(f"a {self.kind} KPI{over} has a {extra[0]}", todo)
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures this KPI is made of."""
        named = (self.named("measure"), self.named("numerator"), self.named("denominator"))
        return tuple(name for name in named if name is not None)

    def named(self, part: Literal["measure", "numerator", "denominator"]) -> str | None:
        """The measure that a part is: of a model its column, after the KPI, since its conditions are the KPI's own."""
        if self.model is None:
            found: str | None = getattr(self, part)
            return found
        column = self.value if part == "measure" else getattr(self, part)
        return f"{self.id}.{column}" if column else None

    def takes(self, channel: str) -> bool:
        """Whether the conditions on channels let its rows through."""
        if self.model is not None:
            return channel == OWN_MODELS
        return all(condition.lets_through(channel) for condition in self.where.channel)
