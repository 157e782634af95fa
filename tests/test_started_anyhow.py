"""The suite may be started in any way: as a job in the background, by nohup, by a program that ignores signals."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support import ROOT

A_TEST = """
import signal, subprocess, sys

def test_children_have_the_usual_signals():
    code = "import signal; print(*(signal.getsignal(n) is signal.SIG_IGN for n in (2, 1, 15)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False"] * 3
"""


def test_programs_that_tests_start_can_be_interrupted(tmp_path):
    (tmp_path / "test_inner.py").write_text(A_TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", tmp_path]
    ignoring = ["sh", "-c", 'trap "" INT HUP TERM; exec "$@"', "sh"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'pipelines'}"}
    for plugins, passes in (([], False), (["-p", "tests.conftest"], True)):
        answer = subprocess.run(
            [*ignoring, *command, *plugins, tmp_path / "test_inner.py"],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert (answer.returncode == 0) is passes, answer.stdout + answer.stderr
