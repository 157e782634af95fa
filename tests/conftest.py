"""The demo, refreshed once for all tests that only look at it, over the real sandbox and the real stages."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from tests.support import DEMO_DAY, OKR, ROOT, Refreshed

# A shell starts jobs in the background with Ctrl-C ignored, nohup with the end of the terminal ignored. Programs that
# tests start would inherit that, and a test that ends one so would wait for good.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


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
def demo(sandbox_process, tmp_path_factory) -> Refreshed:
    """The repository's own definitions and pages, refreshed once. Look, do not change."""
    data_dir = tmp_path_factory.mktemp("demo") / "data"
    refreshed = Refreshed(data_dir, {**sandbox_process, "OKR_DATA_DIR": str(data_dir)}, 0, "", "")
    answer = refreshed.okr("refresh")
    refreshed.exit_code, refreshed.stdout, refreshed.stderr = answer.returncode, answer.stdout, answer.stderr
    url = next(value for name, value in sandbox_process.items() if name.endswith("__BASE_URL"))
    refreshed.sandbox_url = re.match(r"https?://[^/]+", url).group()
    return refreshed


# The longest first, so that no worker is left with one of them at the end.
LONGEST = (
    "test_whole_way.py",
    "test_webserver.py",
    "test_conformance.py",
    "test_scoring_properties.py",
    "test_browser.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
