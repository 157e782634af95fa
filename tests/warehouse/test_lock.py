"""One writer at a time, over real processes."""

import signal
import subprocess
import sys
import time
from threading import Timer

import pytest

from okr_reports.errors import LockedError
from okr_reports.settings import Workspace
from okr_reports.warehouse.lock import writer_lock

HOLD = """
import sys, time
from pathlib import Path
from okr_reports.settings import Workspace
from okr_reports.warehouse.lock import writer_lock
with writer_lock(Workspace(Path("d"), Path("r"), Path(sys.argv[1])), wait_seconds=0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path / "data")


@pytest.fixture
def holder(workspace):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(workspace.data_dir)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_which_process_holds_the_lock_and_since_when(workspace, holder):
    with pytest.raises(LockedError) as caught, writer_lock(workspace, wait_seconds=0):
        pass
    assert f"process {holder.pid}" in str(caught.value)
    assert " since 20" in str(caught.value)


def test_a_waiting_writer_says_so_once_and_goes_on_when_the_other_ends(workspace, holder):
    said = []
    began = time.monotonic()
    killer = Timer(1.0, holder.kill)
    killer.start()
    with writer_lock(workspace, wait_seconds=20, on_wait=said.append):
        waited = time.monotonic() - began
    killer.join()
    assert waited >= 0.8
    assert len(said) == 1
    assert f"process {holder.pid}" in said[0]


def test_a_killed_writer_leaves_no_lock(workspace, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writer_lock(workspace, wait_seconds=0):
        assert (workspace.data_dir / "warehouse.lock.json").exists()
    assert not (workspace.data_dir / "warehouse.lock.json").exists()
