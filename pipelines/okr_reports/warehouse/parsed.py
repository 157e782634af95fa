"""What dbt has parsed holds in any folder: a data folder may move, and several may share it.

dbt by itself parses everything again (5 s of processor) where the path of the warehouse or of the packages is another
one. No model names either; what decides is the project, its variables and dbt's version.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from okr_reports.settings import Workspace, engine

PROJECT = "okr_reports"
_NAME = "partial_parse.msgpack"


@cache
def hold_anywhere() -> None:
    """Have dbt compare no paths of this project before it goes on from what it parsed; other projects' stay as is."""
    from dbt.artifacts.resources.base import FileHash
    from dbt.parser.manifest import ManifestLoader

    checked: Any = ManifestLoader.build_manifest_state_check

    def without_paths(loader: Any) -> Any:
        state = checked(loader)
        if loader.root_project.project_name == PROJECT:
            credentials = loader.root_project.credentials
            named = [credentials.type, credentials.database, credentials.schema]
            state.profile_hash = FileHash.from_contents(json.dumps(named))
            state.project_env_vars_hash = FileHash.from_contents("")
        return state

    ManifestLoader.build_manifest_state_check = without_paths  # type: ignore[method-assign]


def borrow(workspace: Workspace, project: str, variables: Mapping[str, Any]) -> None:
    """Begin from what another workspace of `OKR_PARSED_DIR` has had parsed of the same project, if this has nothing."""
    shared, own = _shared(project, variables), workspace.dbt_target_dir / _NAME
    if shared and shared.exists() and not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared, own)


def lend(workspace: Workspace, project: str, variables: Mapping[str, Any]) -> None:
    """Leave what was parsed in `OKR_PARSED_DIR`, unless that has it."""
    shared = _shared(project, variables)
    if shared and not shared.exists():
        shared.parent.mkdir(parents=True, exist_ok=True)
        # whole or not at all: others read it at this moment
        building = shared.with_name(f"{shared.name}.{os.getpid()}")
        shutil.copyfile(workspace.dbt_target_dir / _NAME, building)
        building.replace(shared)


def _shared(project: str, variables: Mapping[str, Any]) -> Path | None:
    folder = os.environ.get("OKR_PARSED_DIR")
    digest = sha256(f"{engine()} {project} {json.dumps(variables)}".encode()).hexdigest()
    return Path(folder) / f"{digest[:32]}.msgpack" if folder else None
