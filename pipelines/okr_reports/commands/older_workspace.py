"""A workspace of 0.1.0, whose package was named `pipelines`: the two files that name it are brought over once.

`workspace.yaml` is where Dagster finds the code, `dagster.yaml` where it finds the event log. The code location keeps
its name: by that name Dagster knows which schedules and sensors are on and how far they have come, and whose its runs
are. Nothing else in a workspace names the package; dlt's state goes by channel, and Dagster's assets by their keys.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.settings import Workspace

if TYPE_CHECKING:
    import yaml

# What names a module in the two files, as it was and as it is.
CODE = ("pipelines.definitions", "okr_reports.definitions")
EVENT_LOG = ("pipelines.defs.event_log", "okr_reports.defs.event_log")


def bring_over(workspace: Workspace, folder: Path = Path()) -> Iterator[str]:
    """Write the package's name of today into `workspace.yaml` of `folder` and Dagster's settings; a line for each.

    Only the values that 0.1.0 wrote are changed, every other byte stays, and a file is replaced whole or not at all.
    A file that names the old package elsewhere, or that cannot be written, is said with what to write. A folder in
    which a package `pipelines` of somebody else's has that module is left alone.
    """
    kept = f"the code location is still named {CODE[0]}, so that its schedules and sensors stay as they were"
    yield from _brought_over(folder / "workspace.yaml", CODE, kept, folder)
    for home in sorted({workspace.own_dagster_home, workspace.dagster_home}):
        yield from _brought_over(home / "dagster.yaml", EVENT_LOG, "the runs and their events stay", folder)


def _brought_over(path: Path, renamed: tuple[str, str], kept: str, folder: Path) -> Iterator[str]:
    old, new = renamed
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return
    if old not in text or _is_somebody_elses(old, folder):
        return
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return  # Dagster says what is wrong with it
    edits = dict(_edits(root, new))
    after = text
    for (start, end), replacement in sorted(edits.items(), reverse=True):
        after = after[:start] + replacement + after[end:]
    if edits:
        try:
            _replace(path, after)
            yield f"{path}: {old} is {new} now, and is written so; {kept}"
        except OSError as error:
            yield f"{path}: {old} is {new} now, and this file cannot be written ({error.strerror}); write it there"
    left = {node.start_mark.line + 1 for node in _named(root, old) if _place(node) not in edits}
    for line in sorted(left):
        yield f"{path}:{line}: {old} is {new} now; write it there"


def _edits(root: yaml.Node | None, new: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Places of the text (from, to) with what is to be there."""
    if log := _values(root).get("event_log_storage"):
        module = _values(log).get("module")
        if module is not None and module.value == EVENT_LOG[0]:
            yield _place(module), new
    for location in getattr(_values(root).get("load_from"), "value", ()):
        named = _values(location).get("python_module")
        if named is not None and named.value == CODE[0]:
            yield _place(named), f"{{module_name: {new}, location_name: {CODE[0]}}}"
        module = _values(named).get("module_name")
        if named is None or module is None or module.value != CODE[0]:
            continue
        yield _place(module), new
        if "location_name" not in _values(named):
            key = next(key for key, value in named.value if value is module)
            between = ", " if getattr(named, "flow_style", None) else "\n" + " " * key.start_mark.column
            yield (key.start_mark.index, key.start_mark.index), f"location_name: {CODE[0]}{between}"


def _values(node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    """The values of a mapping by key; nothing of any other node."""
    parts = node.value if node is not None and isinstance(node.value, list) else ()
    return {pair[0].value: pair[1] for pair in parts if isinstance(pair, tuple)}


def _named(node: yaml.Node | None, name: str) -> Iterator[yaml.Node]:
    """The values that are this module; the name of a code location is none."""
    if node is None or isinstance(node.value, str):
        yield from (node,) if node is not None and node.value == name else ()
        return
    children = [part for part in node.value if not isinstance(part, tuple)]
    for child in (*children, *(value for key, value in _values(node).items() if key != "location_name")):
        yield from _named(child, name)


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _is_somebody_elses(module: str, folder: Path) -> bool:
    """Whether there is such a module: 0.1.0's went when this version was installed."""
    spec = find_spec("pipelines")
    places = [folder / "pipelines", *(Path(place) for place in (spec and spec.submodule_search_locations) or ())]
    below = Path(*module.split(".")[1:])
    return any((place / below).is_dir() or (place / below).with_suffix(".py").exists() for place in places)


def _replace(path: Path, text: str) -> None:
    """Put the text in the file's place in one step, with the rights it has."""
    real = path.resolve()
    building = real.with_name(f".{real.name}.{os.getpid()}")
    try:
        building.write_bytes(text.encode())
        shutil.copymode(real, building)
        building.replace(real)
    finally:
        building.unlink(missing_ok=True)
