"""The files of the workspace's own models, as they lie in `models/`."""

from __future__ import annotations

from pathlib import Path

from okr_reports.settings import Workspace, is_distributed

KINDS = (".sql", ".yml", ".yaml", ".md")


def model_files(workspace: Workspace) -> dict[str, Path]:
    """By their place in `models/`; none on another engine than DuckDB."""
    folder = workspace.models_dir
    if is_distributed() or not folder.is_dir():
        return {}
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in KINDS and path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def model_names(workspace: Workspace) -> set[str]:
    """The models there are, by the names of their files."""
    return {path.stem for path in model_files(workspace).values() if path.suffix == ".sql"}
