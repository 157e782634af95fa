"""Every type of key result: one file each, found here, and those that installed packages bring.

Definitions, lints, the models' SQL, sentences, forecasts, simulations, the glossary and charts all draw from these
objects; nothing else in the project lists the types (tests/key_result_types holds that). A package adds one by the
entry point group `okr_reports.key_result_types`, whose entries are KeyResultType objects.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from okr_reports.errors import OkrError
from okr_reports.key_result_types.rule import COUNTED_KINDS, KINDS, KeyResultType, Size

__all__ = ["COUNTED_KINDS", "GROUP", "KINDS", "KeyResultType", "Size", "added", "find", "shipped_types", "types"]

GROUP = "okr_reports.key_result_types"


@cache
def shipped_types() -> dict[str, KeyResultType]:
    """Those of this package, by name, in the order of their positions."""
    found = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return _by_name([module.TYPE for module in found if hasattr(module, "TYPE")])


@cache
def added() -> dict[str, KeyResultType]:
    """Those of other packages. Raises OkrError for one that cannot be used, and says whose it is."""
    found = {}
    for entry in entry_points(group=GROUP):
        whose = f"the key-result type {entry.name} of {entry.dist.name if entry.dist else 'a package'}"
        try:
            type_ = entry.load()
        except Exception as error:
            raise OkrError(f"{whose} cannot be loaded ({error}); upgrade or uninstall that package") from error
        if not isinstance(type_, KeyResultType) or type_.name != entry.name:
            raise OkrError(f"{whose} is no KeyResultType of that name; upgrade or uninstall that package")
        if type_.name in shipped_types() or type_.name in found:
            raise OkrError(f"{whose} is there already; uninstall one of the two packages")
        found[type_.name] = type_
    return found


@cache
def types() -> dict[str, KeyResultType]:
    """All types by name, in the order of their positions."""
    return _by_name([*shipped_types().values(), *added().values()])


def find(name: str) -> KeyResultType:
    """The type of that name; a plain one for what an older publication holds of a package that is gone."""
    return types().get(name) or _plain(name)


@cache
def _plain(name: str) -> KeyResultType:
    return KeyResultType(
        name=name, position=0, shape="said", about="", progress="null", detail={"other": "%(value)s"},
        examples=[({}, None)],
    )  # fmt: skip


def _by_name(found: list[KeyResultType]) -> dict[str, KeyResultType]:
    return {type_.name: type_ for type_ in sorted(found, key=lambda type_: (type_.position, type_.name))}
