"""`okr export`: the rest of it is held where analysts use it, tests/docs/test_analysts.py."""

from __future__ import annotations

import pytest

from okr_reports.errors import OkrError
from okr_reports.warehouse.export import export_parquet


def test_a_refused_export_leaves_no_folder(tmp_path):
    with pytest.raises(OkrError, match="okr refresh"):
        export_parquet(tmp_path / "okr.duckdb", tmp_path / "out")
    assert not (tmp_path / "out").exists()
