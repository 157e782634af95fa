"""Settings of Spark: where they come from, and what is said when they cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from okr_reports.distributed import reachable
from okr_reports.doctor import _engine
from okr_reports.errors import EngineError, OkrError
from okr_reports.settings import Workspace, engine
from okr_reports.spark.settings import SparkSettings, read_settings
from okr_reports.warehouse.transform import _without_java
from tests.support import free_port


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name in [name for name in os.environ if name.startswith("SPARK__")]:
        monkeypatch.delenv(name)
    return Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path / "data")


def written(folder: Path, config: str = "", secrets: str = "") -> Path:
    (folder / "config.toml").write_text(config, encoding="utf-8")
    (folder / "secrets.toml").write_text(secrets, encoding="utf-8")
    return folder


def test_without_settings_the_loopback_cluster_and_a_lake_in_the_data_folder(
    workspace: Workspace, tmp_path: Path
) -> None:
    found = read_settings(workspace, tmp_path)
    assert found.address == "127.0.0.1:10000"
    assert found.lake == f"file://{tmp_path}/data/lake" == found.lake_of_spark


def test_settings_stand_where_dlts_do(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dlt").mkdir()
    written(tmp_path / ".dlt", '[spark]\nuser = "ana"\n')
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    assert read_settings(workspace).user == "ana"


def test_the_environment_wins_over_secrets_and_these_over_the_configuration(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(
        tmp_path,
        '[spark]\nhost = "config"\nuser = "config"\nlake = "s3://bucket/lake/"\nport = 1\n',
        '[spark]\nhost = "secrets"\nauth = "LDAP"\npassword = "geheim"\n',
    )
    monkeypatch.setenv("SPARK__PORT", "10001")
    found = read_settings(workspace, folder)
    assert (found.host, found.user, found.port, found.password) == ("secrets", "config", 10001, "geheim")
    assert (found.lake, found.lake_of_spark) == ("s3://bucket/lake", "s3a://bucket/lake")
    assert "geheim" not in repr(found)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[spark]\nhots = 'x'\n", "[spark] has no setting hots"),
        ("[spark]\nport = 'ten'\n", "spark.port is 'ten'"),
        ("[spark]\nport = 0\n", "spark.port is 0"),
        ("[spark]\nport = 70000\n", "spark.port is 70000"),
        ("[spark]\nhost = 7\n", "spark.host is not a text"),
        ("[spark]\nauth = 'TRUST'\n", "spark.auth is none of"),
        ("[spark]\ntable_format = 'csv'\n", "spark.table_format is none of parquet, orc, delta, iceberg"),
        ("[spark]\nlake = '/srv/lake'\n", "not a URL"),
        ("[spark]\nlake = 's3://me:geheim@bucket/lake'\n", "holds a name or password"),
        ('[spark]\nlake = "s3://bucket/it\'s"\n', "which no place in SQL may"),
        ("spark = 7\n", "spark is not a table"),
        ("[spark\n", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named_and_no_secret_shown(
    workspace: Workspace, tmp_path: Path, config: str, said: str
) -> None:
    with pytest.raises(EngineError) as caught:
        read_settings(workspace, written(tmp_path, config))
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_an_engine_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKR_ENGINE", "sparc")
    with pytest.raises(OkrError, match="OKR_ENGINE is 'sparc'; write one of duckdb, ducklake, spark"):
        engine()


def test_each_engine_has_a_warehouse_of_its_own(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    on_duckdb = workspace.warehouse, workspace.pipelines_dir
    monkeypatch.setenv("OKR_ENGINE", "spark")
    assert not {workspace.warehouse, workspace.pipelines_dir} & set(on_duckdb)


def test_a_server_that_does_not_answer_is_said_before_anything_is_loaded(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKR_ENGINE", "spark")
    monkeypatch.setenv("SPARK__PORT", str(free_port()))
    # Without the extra it is that which is said.
    with pytest.raises(EngineError, match=r"no Spark Thrift server answers at 127\.0\.0\.1|its extra `spark`"):
        reachable(workspace)


def test_the_doctor_says_that_the_chosen_engine_does_not_answer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKR_ENGINE", "spark")
    monkeypatch.setenv("SPARK__PORT", str(free_port()))
    (said,) = _engine(workspace)
    assert said.fault
    assert "start one (`make spark`" in said.text or "its extra `spark`" in said.text
    monkeypatch.delenv("OKR_ENGINE")
    assert not list(_engine(workspace))


def test_a_failure_of_spark_is_told_without_its_java() -> None:
    said = (
        "Runtime Error\n  org.apache.hive.service.cli.HiveSQLException: [TABLE_OR_VIEW_NOT_FOUND] no such table\n"
        "\tat org.apache.spark.sql.errors.QueryCompilationErrors$.x(QueryCompilationErrors.scala:1)\n\tat java.lang.T()"
    )
    assert _without_java(said).endswith("[TABLE_OR_VIEW_NOT_FOUND] no such table")
    assert _without_java("a test failed at noon (3 rows)") == "a test failed at noon (3 rows)"


def test_settings_have_the_names_that_the_documentation_lists() -> None:
    text = (Path(__file__).parents[2] / "docs" / "spark.md").read_text(encoding="utf-8")
    missing = [name for name in SparkSettings.__dataclass_fields__ if f"`{name}`" not in text]
    assert missing == []
