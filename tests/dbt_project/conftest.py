"""One warehouse for all tests of the models, which remembers what dbt made of them."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_reports.warehouse import transform
from tests.dbt_project.warehouse import Warehouse

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def only_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    # tests/torture/mutants.py has made an empty one for its many runs.
    made = os.environ.get("OKR_TEST_MODELS")
    return Warehouse(Path(made) if made else tmp_path_factory.mktemp("models"), TODAY)


@pytest.fixture
def warehouse(only_warehouse: Warehouse) -> Warehouse:
    """An empty warehouse on 23 November 2026, a Monday."""
    return only_warehouse.emptied(TODAY)


@pytest.fixture(scope="session")
def manifest(only_warehouse: Warehouse) -> dict[str, Any]:
    """dbt's manifest with the compiled SQL of every model."""
    transform.invoke(only_warehouse.workspace, ["compile"])
    path = only_warehouse.workspace.dbt_dir / "target" / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8"))
