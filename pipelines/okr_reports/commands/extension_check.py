"""`okr extension check`: what installed packages bring, each tried as it will be used (the conformance suite)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path

from okr_reports.commands.extension import KINDS
from okr_reports.errors import OkrError


def check_extensions(package: str | None = None) -> tuple[list[str], list[str]]:
    """What was tried, and what is wrong with it, each as `NAME of DISTRIBUTION (KIND)`; of one distribution or all.

    Raises OkrError where nothing of that distribution is installed.
    """
    tried, wrong = [], []
    for kind in KINDS:
        points = sorted(entry_points(group=f"okr_reports.{kind}"), key=lambda point: (point.name, point.value))
        for point in points:
            owner = point.dist.name if point.dist else "a package"
            if package not in (None, owner, owner.replace("-", "_")):
                continue
            whose = f"{point.name} of {owner} ({kind})"
            tried.append(whose)
            faults = list(_FAULTS[kind](point))
            if sum(other.name == point.name for other in points) > 1:
                faults.append("another package has an entry point of that name; uninstall one of the two")
            wrong += [f"{whose}: {fault}" for fault in faults]
    if package is not None and not tried:
        raise OkrError(f"no installed package {package!r} brings anything; pip install it beside okr-reports")
    return tried, wrong


def _wrong_components(point: EntryPoint) -> Iterator[str]:
    from okr_reports.report_site.dialect.components import load_components

    try:
        folder = Path(str(files(point.value)))
    except (ImportError, TypeError) as error:
        yield f"its package {point.value} cannot be imported ({error}); correct the entry point"
        return
    if not any(folder.glob("*.html")) and not any(folder.glob("*.md")):
        yield f"there is no component in {folder}; put `.html` or `.md` files there, and into the wheel"
    yield from map(str, load_components([folder])[1])


def _wrong_presets(point: EntryPoint) -> Iterator[str]:
    from okr_reports.okrs.presets import read_presets, unused_presets

    try:
        found = read_presets(point.value)
    except (ImportError, TypeError) as error:
        yield f"its package {point.value} cannot be imported ({error}); correct the entry point"
        return
    except OkrError as error:
        yield str(error)
        return
    if not found:
        yield f"there is no preset in {point.value}; put `.yml` files there, and into the wheel"
    yield from (str(finding) for finding in unused_presets() if finding.path.startswith(f"{point.value}/"))


def _wrong_channels(point: EntryPoint) -> Iterator[str]:
    from okr_reports.adding import gallery

    try:
        found = gallery.entries_in(point.value)
    except (ImportError, TypeError) as error:
        yield f"its package {point.value} cannot be imported ({error}); correct the entry point"
        return
    if not found:
        yield f"there is no channel in {point.value}; put `.yml` files there, and into the wheel"
    for name, path in found.items():
        if (other := gallery.places()[name]) != path:
            yield f"the channel {name} stands already at {other}, which is used; choose another id"
            continue
        yield from (f"{name}: {fault}" for fault in gallery.faults(name))


def _wrong_type(point: EntryPoint) -> Iterator[str]:
    from okr_reports.key_result_types import added
    from okr_reports.key_result_types.tried import computed, is_same

    try:
        type_ = added()[point.name]
    except OkrError as error:
        yield str(error)
        return
    if not type_.examples:
        yield "it has no examples; give rows with their progress"
    for row, progress in type_.examples:
        try:
            found = computed("progress", type_, row)
        except Exception as error:  # DuckDB's, of SQL that others wrote
            yield f"its progress cannot be computed of {row} ({str(error).splitlines()[0]}); correct the SQL"
            continue
        if not is_same(found, progress):
            yield f"its progress of {row} is {found}, and the example says {progress}; correct one of them"


def _wrong_delivery(point: EntryPoint) -> Iterator[str]:
    from okr_reports.deliveries.targets import OWN_SCHEMES

    if point.name != point.name.lower() or not point.name.replace("-", "").replace("+", "").isalnum():
        yield f"{point.name!r} cannot be a scheme of URLs; write a-z, 0-9 and -"
    if point.name in OWN_SCHEMES or point.name.startswith("git+"):
        yield f"{point.name}:// is a scheme of this program's own; choose another"
    try:
        send: Callable[..., object] = point.load()
        inspect.signature(send).bind(f"{point.name}://place", Path(), {})
    except (ImportError, AttributeError) as error:
        yield f"it cannot be loaded ({error}); correct the entry point"
    except (TypeError, ValueError) as error:
        yield f"it cannot be called as send(url, release, options) ({error}); give it these three"


_FAULTS: dict[str, Callable[[EntryPoint], Iterator[str]]] = {
    "components": _wrong_components,
    "presets": _wrong_presets,
    "channels": _wrong_channels,
    "key_result_types": _wrong_type,
    "deliveries": _wrong_delivery,
}
