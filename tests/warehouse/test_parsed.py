"""What dbt has parsed holds where a data folder is moved to, and for others: they come to what a parse anew gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from okr_reports.settings import Workspace
from okr_reports.warehouse import own_models, transform

EXPOSURE = {"type": "dashboard", "label": "A", "owner": {"name": "Acme"}, "depends_on": ["ref('key_results')"]}


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OKR_PARSED_DIR", str(tmp_path / "shared"))
    return tmp_path / "shared"


def workspace(folder: Path, page: str, **models: str) -> Workspace:
    """A workspace with these models of its own, and a page that dbt knows."""
    made = Workspace(folder / "okr_definitions", folder / "reports", folder / "data")
    made.models_dir.mkdir(parents=True)
    for name, sql in models.items():
        (made.models_dir / f"{name}.sql").write_text(sql, encoding="utf-8")
    generated = own_models.generated_dir(made)
    generated.mkdir(parents=True)
    said = {"version": 2, "exposures": [{"name": page, **EXPOSURE}]}
    (generated / "pages.yml").write_text(json.dumps(said), encoding="utf-8")
    return made


def manifest(workspace: Workspace) -> Any:
    """What dbt parsed, without when."""
    said = json.loads(transform.manifest_path(workspace).read_text(encoding="utf-8"))
    del said["metadata"]

    def without_moments(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_moments(of) for key, of in value.items() if key != "created_at"}
        return [without_moments(of) for of in value] if isinstance(value, list) else value

    return without_moments(said)


def read_anew(workspace: Workspace) -> int:
    """How many files the last parse read as if for the first time."""
    info = json.loads((workspace.dbt_target_dir / "perf_info.json").read_text(encoding="utf-8"))
    return int(info["parsed_path_count"])


def test_a_moved_folder_and_other_workspaces_go_on_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = workspace(tmp_path / "first", "home", mine="select 1 as one", gone="select one from {{ ref('mine') }}")
    whole = manifest(first)
    assert read_anew(first) > 500

    shutil.copytree(tmp_path / "first", tmp_path / "moved")
    shutil.rmtree(tmp_path / "first")
    moved = Workspace(*(tmp_path / "moved" / name for name in ("okr_definitions", "reports", "data")))
    assert manifest(moved) == whole
    (moved.models_dir / "mine.sql").write_text("select 2 as one", encoding="utf-8")
    changed = manifest(moved)
    assert changed["nodes"]["model.workspace.mine"]["raw_code"] == "select 2 as one"
    assert read_anew(moved) < 10

    other = workspace(tmp_path / "other", "start", mine="select 3 as one")
    borrowed = manifest(other)
    assert read_anew(other) < 10
    shutil.rmtree(other.dbt_target_dir)
    monkeypatch.delenv("OKR_PARSED_DIR")
    assert borrowed == manifest(other)
    assert read_anew(other) > 500


def test_a_damaged_file_of_others_is_left_aside(tmp_path: Path, shared: Path) -> None:
    first = manifest(workspace(tmp_path / "first", "home"))
    (lent,) = shared.iterdir()
    lent.write_bytes(lent.read_bytes()[:-500])
    assert manifest(workspace(tmp_path / "second", "home")) == first
