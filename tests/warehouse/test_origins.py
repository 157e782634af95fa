"""Rows of the sandbox and of vendors are never in one warehouse, and the demo can be taken out again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from okr_reports.commands.init import make_workspace
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace
from okr_reports.warehouse import origins

OKR = str(Path(sys.executable).parent / "okr")


def workspace(folder: Path) -> Workspace:
    return Workspace(folder / "okr_definitions", folder / "reports", folder / ".okr")


def in_sandbox(monkeypatch: pytest.MonkeyPatch, seed: int | None) -> None:
    if seed is None:
        monkeypatch.delenv(origins.VARIABLE, raising=False)
        return
    monkeypatch.setenv(origins.VARIABLE, "http://127.0.0.1:8765")
    monkeypatch.setenv(origins.SEED, str(seed))


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (0, 0, None),
        (None, None, None),
        (0, None, "`okr clear-demo` empties what the demo loaded"),
        (None, 0, "a workspace of its own"),
        (0, 3, "`okr sandbox --seed 0`"),
    ],
)
def test_a_refresh_of_another_origin_is_refused(monkeypatch, tmp_path, before, now, said):
    warehouse = tmp_path / "w.duckdb"
    in_sandbox(monkeypatch, before)
    assert origins.mark(warehouse, ["ga4", "meta_ads"]) == ["ga4", "meta_ads"]
    assert origins.mark(warehouse, ["ga4"]) == []
    in_sandbox(monkeypatch, now)
    if said is None:
        origins.refuse_mixture(warehouse)
        return
    with pytest.raises(OkrError) as caught:
        origins.refuse_mixture(warehouse)
    assert said in str(caught.value)
    assert "ga4, meta_ads" in str(caught.value) or "seed 0" in str(caught.value)


def test_a_channel_of_which_nothing_landed_binds_nobody(monkeypatch, tmp_path):
    in_sandbox(monkeypatch, None)
    new = origins.mark(tmp_path / "w.duckdb", ["ga4"])
    origins.unmark(tmp_path / "w.duckdb", new)
    in_sandbox(monkeypatch, 0)
    origins.refuse_mixture(tmp_path / "w.duckdb")


def test_from_the_demo_to_own_data_is_one_command(monkeypatch, tmp_path):
    make_workspace(tmp_path / "w", empty=True)
    place = workspace(tmp_path / "w")
    in_sandbox(monkeypatch, 0)
    place.data_dir.mkdir(exist_ok=True)
    origins.mark(place.warehouse, ["ga4"])
    for made in (place.site_dir / "current", place.history_dir / "days", place.dlt_dir):
        made.mkdir(parents=True)
    in_sandbox(monkeypatch, None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "SOURCES__"))}

    def okr(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [OKR, *arguments], cwd=tmp_path / "w", env=environment, capture_output=True, text=True, check=False
        )

    refused = okr("refresh")
    assert refused.returncode == 2
    assert "okr clear-demo" in refused.stderr
    assert place.warehouse.exists()
    cleared = okr("clear-demo")
    assert (cleared.returncode, cleared.stderr) == (0, "")
    assert not any(path.exists() for path in (place.warehouse, place.site_dir, place.history_dir, place.dlt_dir))
    assert (place.definitions_dir / "settings.yml").exists()
    assert okr("clear-demo").returncode != 0


def test_what_vendors_answered_is_never_emptied(monkeypatch, tmp_path):
    place = workspace(tmp_path)
    place.data_dir.mkdir()
    in_sandbox(monkeypatch, None)
    origins.mark(place.warehouse, ["ga4"])
    with pytest.raises(OkrError, match="nothing was emptied"):
        origins.clear_demo(place)
    with duckdb.connect(str(place.warehouse)) as connection:
        assert connection.execute("select channel, origin from ops.origins").fetchall() == [("ga4", "vendors")]


def test_an_empty_workspace_has_settings_and_no_demo(tmp_path):
    make_workspace(tmp_path / "w", empty=True)
    assert sorted(path.name for path in (tmp_path / "w" / "okr_definitions").iterdir()) == [
        "okr.schema.json",
        "settings.yml",
    ]
