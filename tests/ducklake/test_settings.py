"""Settings of the lake, and what is said where they or the packages are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from okr_reports.common import warehouse_file
from okr_reports.distributed import loading, reachable
from okr_reports.ducklake.settings import LakeSettings, read_settings
from okr_reports.errors import EngineError
from okr_reports.settings import Workspace, is_distributed

CATALOG = "postgresql://okr@db.example:5432/okr"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("DUCKLAKE__", "AWS_"))]:
        monkeypatch.delenv(name)


def written(folder: Path, *lines: str) -> Path:
    (folder / "config.toml").write_text("\n".join(["[ducklake]", *lines]), encoding="utf-8")
    return folder


def test_settings_come_from_the_section_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path, f'catalog = "{CATALOG}"', 'data = "s3://bucket/lake/"', "keep_days = 30")
    assert read_settings(folder) == LakeSettings(catalog=CATALOG, data="s3://bucket/lake/", keep_days=30)
    monkeypatch.setenv("DUCKLAKE__DATA", "file:///srv/lake")
    monkeypatch.setenv("DUCKLAKE__SCHEMA", "another")
    found = read_settings(folder)
    assert (found.data, found.schema, found.is_on_s3) == ("/srv/lake/", "another", False)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "no setting ducklake.catalog"),
        ([f'catalog = "{CATALOG}"'], "no setting ducklake.data"),
        (["hots = 1"], "[ducklake] has no setting hots"),
        (['catalog = "sqlite:///x"', 'data = "/srv"'], "no address of a Postgres"),
        (['catalog = "postgresql://okr:geheim@db/okr"', 'data = "/srv"'], "holds a password; set PGPASSWORD"),
        ([f'catalog = "{CATALOG}"', 'data = "lake"'], "no whole path"),
        ([f'catalog = "{CATALOG}"', "data = 7"], "ducklake.data is not a text"),
        ([f'catalog = "{CATALOG}"', 'data = "/srv/it\'s"'], "which it may not"),
        ([f'catalog = "{CATALOG}"', 'data = "/srv"', "keep_days = 0"], "keep_days is 0"),
    ],
)
def test_what_cannot_be_used_is_named_and_no_secret_shown(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_settings(written(tmp_path, *lines))
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_without_the_extensions_it_is_said_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKR_ENGINE", "ducklake")
    monkeypatch.setenv("DUCKLAKE__CATALOG", CATALOG)
    monkeypatch.setenv("DUCKLAKE__DATA", "/srv/lake")
    with pytest.raises(EngineError, match="`make ducklake` makes an environment that has it"):
        reachable(Workspace(tmp_path, tmp_path, tmp_path))


def test_a_lake_is_duckdb_to_everything_but_its_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = tmp_path / "warehouse.duckdb"
    assert not warehouse_file.is_made(absent)
    with loading(), warehouse_file.connect(absent) as connection:
        connection.execute("create table here as select 1 as one")
    assert absent.exists()
    monkeypatch.setenv("OKR_ENGINE", "ducklake")
    assert warehouse_file.is_made(tmp_path / "no file")
    assert not is_distributed()


def test_settings_have_the_names_that_the_documentation_lists() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ducklake.md").read_text(encoding="utf-8")
    assert [name for name in LakeSettings.__dataclass_fields__ if f"`{name}`" not in text] == []
