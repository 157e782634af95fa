"""dbt's graph of models as its manifest has it: who reads whom, how deep, what is passed through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Graph:
    """The models of a manifest by name, with the models and sources that each reads."""

    models: Mapping[str, dict[str, Any]]
    _depths: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Graph:
        """The project's own models."""
        return cls({one["name"]: one for one in manifest["nodes"].values() if one["resource_type"] == "model"})

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """The models that each model reads."""
        return {name: list(self._read(name, "model")) for name in self.models}

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The models that read each model."""
        found: dict[str, list[str]] = {name: [] for name in self.models}
        for name, parents in self.parents.items():
            for parent in parents:
                found[parent].append(name)
        return found

    def sources(self, name: str) -> list[str]:
        """The sources that a model reads itself."""
        return list(self._read(name, "source"))

    def layer(self, name: str) -> str:
        """staging, intermediate or marts."""
        return str(self.models[name]["fqn"][1])

    def subject(self, name: str) -> str:
        """The folder under the layer; '' in marts, which has none."""
        return "/".join(self.models[name]["fqn"][2:-1])

    def depth(self, name: str) -> int:
        """How many models lie on the longest way from a source to this one, itself included."""
        if name not in self._depths:
            self._depths[name] = 1 + max((self.depth(parent) for parent in self.parents[name]), default=0)
        return self._depths[name]

    def passed_through(self) -> list[str]:
        """Models outside staging that have one parent and one child; a union of channels has one until the next."""
        return [
            name
            for name, model in self.models.items()
            if self.layer(name) != "staging" and len(self.parents[name]) == 1 and len(self.children[name]) == 1
            if "for channel in var(" not in model["raw_code"]
        ]

    def _read(self, name: str, kind: str) -> Iterator[str]:
        for one in self.models[name]["depends_on"]["nodes"]:
            if one.startswith(f"{kind}."):
                yield one.split(".", 2)[2]
