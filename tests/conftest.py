"""The demo, refreshed once for all tests that only look at it, over the real sandbox and the real stages."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import DEMO_DAY, OKR, ROOT, Refreshed, made_once

# A shell starts jobs in the background with Ctrl-C ignored, nohup with the end of the terminal ignored. Programs that
# tests start would inherit that, and a test that ends one so would wait for good.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of this run of the tests share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "of-all-workers"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def parsed_once(of_all_workers: Path) -> None:
    """What dbt has parsed for one workspace is what others begin with, as in docs/operating.md."""
    os.environ["OKR_PARSED_DIR"] = str(of_all_workers / "parsed")


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory):
    """The sandbox as its own process; the environment that points every channel at it."""
    environment = {**os.environ, "OKR_TODAY": DEMO_DAY}
    process = subprocess.Popen(
        [OKR, "sandbox", "--", "sh", "-c", "env | grep ^SOURCES__; echo ready; exec cat"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    variables = {"OKR_TODAY": DEMO_DAY}
    while (line := process.stdout.readline()).strip() != "ready":
        assert line, "the sandbox did not start"
        name, _, value = line.strip().partition("=")
        variables[name] = value
    yield variables
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="session")
def demo(sandbox_process, of_all_workers, tmp_path_factory) -> Refreshed:
    """The repository's own definitions and pages, refreshed once by whoever comes first. Look, do not change."""

    def refresh(folder: Path) -> Refreshed:
        data = folder / "data"
        made = Refreshed(data, {**sandbox_process, "OKR_DATA_DIR": str(data)}, 0, "", "")
        answer = made.okr("refresh")
        made.exit_code, made.stdout, made.stderr = answer.returncode, answer.stdout, answer.stderr
        return made

    refreshed = made_once(of_all_workers, "demo", refresh)
    # Each worker has its own, over its own sandbox: digests and pictures leave files there.
    data_dir = tmp_path_factory.mktemp("demo") / "data"
    shutil.copytree(refreshed.data_dir, data_dir, symlinks=True)
    refreshed.data_dir, refreshed.environment = data_dir, {**sandbox_process, "OKR_DATA_DIR": str(data_dir)}
    url = next(value for name, value in sandbox_process.items() if name.endswith("__BASE_URL"))
    refreshed.sandbox_url = re.match(r"https?://[^/]+", url).group()
    return refreshed


# The longest first, so that no worker is left with one of them at the end; the second begins with what needs no demo.
LONGEST = (
    "tests/test_whole_way.py",
    "tests/dbt_project/test_incremental.py",
    "tests/dbt_project/test_memory.py",
    "tests/defs/test_selections.py",
    "tests/defs/test_webserver.py",
    "tests/channels/test_conformance.py",
    "tests/report_site/test_mistakes.py",
    "tests/test_own_models.py",
    "tests/dbt_project/test_plans.py",
    "tests/defs/test_component.py",
    "tests/dbt_project/test_closing.py",
    "tests/key_result_types/test_tenth_type.py",
    "tests/test_mistakes.py",
    "tests/test_cli.py",
    "tests/test_places.py",
    "tests/torture/test_kills.py",
    "tests/report_site/test_sandbox.py",
    "tests/report_site/test_browser.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {str(ROOT / name): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(str(item.path), len(rank)))
