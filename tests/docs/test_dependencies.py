"""Each direct dependency has a line that says why, is used, and the run environment stays within its stated limits."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = sorted(re.match(r"[\w-]+", written)[0] for written in PROJECT["dependencies"])
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
# Used, and not by an import of ours: what does use it.
CALLED_BY_OTHERS = {"dagster-webserver": "dagster dev", "dbt-duckdb": "dbt", "tzdata": "zoneinfo"}

# Parts of a dependency that are packages of their own, by the beginning of their names, and whose they are.
COME_WITH = {
    "dagster": "dagster", "dbt": "dbt-core", "google": "protobuf of dbt-core", "googleapis": "protobuf of dbt-core",
    "markupsafe": "jinja2", "protobuf": "dbt-core", "pydantic": "pydantic", "sqlglotc": "sqlglot",
    "urllib3": "requests",
    "thrift": "the extra spark", "pure": "the extra spark", "pyhive": "the extra spark", "grpcio": "dagster",
}  # fmt: skip


@pytest.fixture(scope="module")
def packages():
    spec = importlib.util.spec_from_file_location("packages_of_run", ROOT / "docs" / "packages.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def imported() -> set[str]:
    modules = set()
    for path in (ROOT / "pipelines").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    by_module = packages_distributions()
    return {re.sub(r"[_.]", "-", name.lower()) for module in modules for name in by_module.get(module, ())}


def test_each_direct_dependency_has_a_line():
    named = re.findall(r"(?m)^\| ([a-z][\w-]+) \| ", PAGE.partition("## ")[0])
    assert [name for name in named if name != "package"] == sorted(DIRECT, key=named.index)
    assert set(named) - {"package"} == set(DIRECT)


def test_each_direct_dependency_is_used():
    used = imported()
    assert [name for name in DIRECT if name not in used and name not in CALLED_BY_OTHERS] == []


def test_what_is_imported_is_a_dependency_of_ours_or_comes_with_one():
    extras = {re.match(r"[\w-]+", one)[0] for several in PROJECT["optional-dependencies"].values() for one in several}
    wanted = imported() - set(DIRECT) - {name.lower() for name in extras} - {"okr-reports"}
    assert {name for name in wanted if name.partition("-")[0] not in COME_WITH} == set()


def test_the_run_environment_is_within_its_limits(packages, capsys):
    assert packages.main() == 0, capsys.readouterr().out
    printed = capsys.readouterr().out
    assert int(printed.split()[0]) > 100
    assert "unknown" not in printed


def test_a_package_too_many_is_a_failure(packages, monkeypatch):
    monkeypatch.setattr(packages, "limits", lambda: (10, 800.0))
    assert packages.main() == 1
