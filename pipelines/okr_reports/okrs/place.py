"""Where a definition stands: every model keeps the file and the lines it was read from."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from okr_reports.okrs.yaml_reader import Mapping


@dataclass(frozen=True)
class Place:
    """A file, the line a definition starts on, and the line of each of its keys. Lines count from 1."""

    path: str = ""
    line: int = 1
    lines: AnyMapping[str, int] = field(default_factory=dict)

    def at(self, *keys: str) -> int:
        """The line of the first of these keys that is written, else the line of the definition."""
        return next((self.lines[key] for key in keys if key in self.lines), self.line)


@dataclass(frozen=True)
class UnknownKey:
    """A key that its mapping does not have, and those it has."""

    key: str
    line: int
    known: tuple[str, ...]


class Located(BaseModel):
    """A definition that knows its place. Unknown keys are errors; values are never converted.

    A list given as the validation context collects an UnknownKey for each: pydantic's own error does not say which
    keys there are.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    _place: Place = PrivateAttr(default_factory=Place)

    @property
    def place(self) -> Place:
        return self._place

    @model_validator(mode="wrap")
    @classmethod
    def _remember_place(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        if isinstance(info.context, list):
            known = tuple(info.alias or name for name, info in cls.model_fields.items())
            info.context.extend(UnknownKey(key, data.lines[key], known) for key in data if key not in known)
        model = handler(data)
        model._place = Place(data.path, data.line, data.lines)
        return model
